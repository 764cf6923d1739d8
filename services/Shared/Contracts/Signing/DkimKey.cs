namespace Merpati.Signing;

/// <summary>What a key is doing. Stored: numbers never change.</summary>
public enum DkimKeyState
{
    /// <summary>Its record is to be published; it signs as soon as it can be seen in DNS.</summary>
    Announced = 0,

    /// <summary>It signs.</summary>
    Active = 1,

    /// <summary>It signs no more; its record stays in DNS until the mail that it signed has arrived.</summary>
    Retired = 2,
}

/// <summary>A key of a domain of ours, as the directory keeps it.</summary>
/// <param name="ChangedAt">Since when it is in this state.</param>
public sealed record DkimKey(DkimSigningKey Key, DkimKeyState State, DateTimeOffset CreatedAt, DateTimeOffset ChangedAt);
