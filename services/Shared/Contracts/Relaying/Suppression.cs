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

/// <summary>An address, or a whole domain, that is sent no mail: what goes there comes back to its sender with 5.7.1.</summary>
/// <param name="Pattern">An address or a domain in the form that <see cref="TryParse"/> gives it.</param>
/// <param name="Reason">In words; the sender reads it.</param>
/// <param name="Until">It counts no more from then on; null is for ever.</param>
public sealed record Suppression(string Pattern, SuppressionSource Source, string Reason, DateTimeOffset Since, DateTimeOffset? Until)
{
    /// <summary>Characters of a reason.</summary>
    public const int MaxReason = 500;

    /// <summary>The pattern that is this address itself.</summary>
    public static string Of(EmailAddress address) => new EmailAddress(address.LocalPart.ToUpperInvariant(), address.Domain).ToString().ToLowerInvariant();

    /// <summary><c>ann@example.org</c>, or <c>example.org</c> for all in it.</summary>
    public static bool TryParse(string text, out string pattern)
    {
        pattern = "";
        text = text.Trim();
        if (EmailAddress.TryParse(text, out var address)) pattern = Of(address);
        else if (EmailAddress.TryParse("x@" + text, out var inDomain)) pattern = inDomain.Domain;
        return pattern.Length > 0;
    }

    public bool IsInForce(DateTimeOffset now) => Until is null || now < Until;
}
