using Merpati.Addresses;

namespace Merpati.Relaying;

/// <summary>Who put an address on the list. The numbers are stored: never change them.</summary>
public enum SuppressionSource
{
    /// <summary>An administrator.</summary>
    Person = 0,

    /// <summary>A next hop said that there is no such mailbox.</summary>
    Bounce = 1,

    /// <summary>The recipient complained (RFC 5965).</summary>
    Complaint = 2,
}

/// <summary>An address, or a whole domain, that is sent no mail, by anybody or by one sender: what goes there comes back to its sender with 5.7.1.</summary>
/// <param name="Pattern">An address or a domain in the form that <see cref="TryParse"/> gives it.</param>
/// <param name="Reason">In words; the sender reads it.</param>
/// <param name="Until">It counts no more from then on; null is for ever.</param>
public sealed record Suppression(string Pattern, SuppressionSource Source, string Reason, DateTimeOffset Since, DateTimeOffset? Until)
{
    /// <summary>Characters of a reason.</summary>
    public const int MaxReason = 500;

    private const string From = " from ";

    /// <summary>The pattern that is this address itself.</summary>
    public static string Of(EmailAddress address) => new EmailAddress(address.LocalPart.ToUpperInvariant(), address.Domain).ToString().ToLowerInvariant();

    /// <summary>The pattern that is this address itself, for the mail of one sender alone.</summary>
    public static string Of(EmailAddress address, EmailAddress sender) => $"{Of(address)}{From}{Of(sender)}";

    /// <summary>The patterns under which an address may be on the list; the first that is there goes before the others.</summary>
    /// <param name="sender">Who wants to send there; null for the null reverse-path.</param>
    public static IReadOnlyList<string> Patterns(EmailAddress address, EmailAddress? sender)
        => sender is null ? [Of(address), address.Domain] : [Of(address), Of(address, sender), address.Domain];

    /// <summary><c>ann@example.org</c>, or <c>example.org</c> for all in it, or <c>ann@example.org from bob@example.net</c> for the mail of one sender.</summary>
    public static bool TryParse(string text, out string pattern)
    {
        pattern = "";
        text = text.Trim();
        if (text.IndexOf(From, StringComparison.OrdinalIgnoreCase) is > 0 and var at && EmailAddress.TryParse(text[..at].Trim(), out var to) && EmailAddress.TryParse(text[(at + From.Length)..].Trim(), out var sender))
        {
            pattern = Of(to, sender);
            return true;
        }
        if (EmailAddress.TryParse(text, out var address)) pattern = Of(address);
        else if (EmailAddress.TryParse("x@" + text, out var inDomain)) pattern = inDomain.Domain;
        return pattern.Length > 0;
    }

    public bool IsInForce(DateTimeOffset now) => Until is null || now < Until;
}
