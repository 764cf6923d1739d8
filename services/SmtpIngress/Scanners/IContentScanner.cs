using Merpati.Envelopes;
using Merpati.Mail;
using Merpati.Mail.Content;
using Merpati.Mail.Policy;
using Merpati.Protocols.Smtp;
using Merpati.Queueing;

namespace Merpati.SmtpIngress.Scanners;

/// <summary>
/// Looks at what a message holds. It is asked after the message is durable and before the 250, side by side with the others, and reads the accepted octets at its own pace.
/// Whatever it throws, or does not say in time, means that it is away.
/// </summary>
internal interface IContentScanner
{
    ScannerOptions Options { get; }

    ValueTask<ScanAnswer> ScanAsync(ScannedMessage message, CancellationToken cancellationToken);
}

/// <summary>A message as scanners see it.</summary>
/// <param name="Open">The accepted octets, as often as one likes.</param>
internal sealed record ScannedMessage(QueueId Id, SmtpRole Role, SmtpPeer Peer, Envelope Envelope, long Size, string HostName, OpenContent Open)
{
    /// <summary>From the beginning.</summary>
    public ValueTask<Stream> OpenAsync(CancellationToken cancellationToken) => Open(0, Size, cancellationToken);
}

/// <summary>What one scanner said.</summary>
/// <param name="Scanner">Its name.</param>
/// <param name="Result">One word, stable: it stands in facts, header, timeline and metrics.</param>
internal sealed record ScanAnswer(string Scanner, string Result)
{
    /// <summary>No answer came.</summary>
    public const string Away = "away";

    /// <summary>The message is larger than what the scanner takes.</summary>
    public const string TooBig = "too-big";

    /// <summary>What it wants to become of the message, unless a rule says otherwise; null when it does not mind.</summary>
    public PolicyAction? Asks { get; init; }

    /// <summary>What it wants the client to be told: enhanced status code and text, or text alone; null for the usual words.</summary>
    public string? Reply { get; init; }

    /// <summary>The names of what it found.</summary>
    public IReadOnlyList<string> Viruses { get; init; } = [];

    public RspamdVerdict? Rspamd { get; init; }

    public ContentFindings? Content { get; init; }

    /// <summary>0 to 1, the higher the more it is junk.</summary>
    public double? Classified { get; init; }

    public double? Score { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Header fields that it wants on top of the message.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> AddedHeaders { get; init; } = [];

    /// <summary>Header fields that it wants to be gone: name, and which of that name from 1, from the end when below 0, all of them when 0.</summary>
    public IReadOnlyList<KeyValuePair<string, int>> RemovedHeaders { get; init; } = [];
}

/// <param name="Action">In Rspamd's words.</param>
/// <param name="Symbols">The names of its rules that held.</param>
internal sealed record RspamdVerdict(string Action, double Score, IReadOnlyList<string> Symbols);
