using Merpati.Addresses;

namespace Merpati.Relaying;

/// <summary>Who is sent no mail. UserDirectory keeps it; the relay asks before each attempt.</summary>
public interface ISuppressionList
{
    /// <summary>Puts it on the list, or replaces what the list has of that pattern.</summary>
    ValueTask PutAsync(Suppression suppression, CancellationToken cancellationToken);

    /// <summary>False when the pattern was not on the list.</summary>
    ValueTask<bool> RemoveAsync(string pattern, CancellationToken cancellationToken);

    /// <summary>What is in force now for each of these addresses; that of the address itself goes before that of its domain. Those that may be sent to are left out.</summary>
    /// <param name="sender">The reverse-path of the mail; null for the null one.</param>
    ValueTask<IReadOnlyDictionary<EmailAddress, Suppression>> FindAsync(IReadOnlyList<EmailAddress> recipients, EmailAddress? sender, CancellationToken cancellationToken);

    /// <summary>In order of pattern, after <paramref name="after"/>; those whose pattern contains the text, without case, or all.</summary>
    ValueTask<IReadOnlyList<Suppression>> ListAsync(string? contains, string? after, int limit, CancellationToken cancellationToken);
}
