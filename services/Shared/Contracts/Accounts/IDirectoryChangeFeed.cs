namespace Merpati.Accounts;

/// <summary>Tells everybody who remembers answers of the directory that it changed. It does not say what: whoever remembers forgets all.</summary>
public interface IDirectoryChangeFeed
{
    /// <summary>Calls <paramref name="onChange"/> after each change, and whenever changes may have been missed, until disposed. The callback must not block or throw.</summary>
    IDisposable Subscribe(Action onChange);

    /// <summary>Tells the subscribers, those of this process before it returns. Never fails and never waits: the change is already durable.</summary>
    void Announce();
}
