using Merpati.Addresses;

namespace Merpati.Mail.Policy;

/// <summary>What becomes of a message. The numbers are stored: never change them.</summary>
public enum PolicyAction
{
    Accept = 0,

    /// <summary>Into the mailbox for junk of each recipient.</summary>
    Junk = 1,

    /// <summary>Accepted, and held until a person or the time decides.</summary>
    Quarantine = 2,

    /// <summary>Refused for now (4yz).</summary>
    Defer = 3,

    /// <summary>Refused (5yz).</summary>
    Reject = 4,

    /// <summary>To another address here instead of the recipients.</summary>
    Redirect = 5,
}

/// <summary>One rule.</summary>
/// <param name="Name">The stable reason code: it stands in replies, logs, metrics and timelines.</param>
/// <param name="Then">Ends the judging when the condition holds; null goes on with the next rule.</param>
/// <param name="Score">Added to the score when the condition holds.</param>
/// <param name="Tag">Told in a header field when the condition holds; null for none.</param>
/// <param name="Reply">Enhanced status code and text, in which <c>{author.domain}</c> stands for that fact, for <see cref="PolicyAction.Defer"/> and <see cref="PolicyAction.Reject"/>; null for the usual one.</param>
public sealed record PolicyRule(string Name, Condition When, PolicyAction? Then, double Score, string? Tag, string? Reply)
{
    /// <summary>Where <see cref="PolicyAction.Redirect"/> sends it; null with any other action.</summary>
    public EmailAddress? To { get; init; }
}

/// <summary>A test that lies beside the rules.</summary>
/// <param name="Rule">The rule that has to decide; null for any.</param>
public sealed record PolicyTest(string Name, MailFacts Facts, PolicyAction Expected, string? Rule);
