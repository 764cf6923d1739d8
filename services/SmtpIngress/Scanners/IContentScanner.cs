using Merpati.Envelopes;
using Merpati.Mail;
using Merpati.Mail.Content;
using Merpati.Mail.Policy;
using Merpati.Mailboxes;
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

/// <summary>A message as scanners see it. What several of them need is read and computed once, when the first asks: of a small message its octets, of any its structure.</summary>
/// <param name="stored">The accepted octets in the store.</param>
/// <param name="lifetime">Of the session: what is shared does not end with the time of the scanner that happened to ask first.</param>
internal sealed class ScannedMessage(QueueId id, SmtpRole role, SmtpPeer peer, Envelope envelope, long size, string hostName, OpenContent stored, CancellationToken lifetime)
{
    /// <summary>A message up to this size is held in memory while it is looked at; a larger one is read from the store as often as somebody opens it.</summary>
    public const int MaxHeld = 64 * 1024;

    private readonly Lock _turn = new();
    private Task<byte[]>? _octets;
    private Task<MessageStructure>? _structure;

    public QueueId Id => id;

    public SmtpRole Role => role;

    public SmtpPeer Peer => peer;

    public Envelope Envelope => envelope;

    public long Size => size;

    public string HostName => hostName;

    /// <summary>From the beginning.</summary>
    public ValueTask<Stream> OpenAsync(CancellationToken cancellationToken) => OpenAsync(0, size, cancellationToken);

    /// <summary>A range of the accepted octets, as often as one likes.</summary>
    public ValueTask<Stream> OpenAsync(long offset, long length, CancellationToken cancellationToken)
        => size > MaxHeld ? stored(offset, length, cancellationToken) : OpenHeldAsync((int)offset, (int)length, cancellationToken);

    public Task<MessageStructure> StructureAsync(CancellationToken cancellationToken)
    {
        lock (_turn) return (_structure ??= BuildAsync()).WaitAsync(cancellationToken);
    }

    private async ValueTask<Stream> OpenHeldAsync(int offset, int length, CancellationToken cancellationToken)
    {
        Task<byte[]> reading;
        lock (_turn) reading = _octets ??= ReadAsync();
        var octets = await reading.WaitAsync(cancellationToken).ConfigureAwait(false);
        return new MemoryStream(octets, offset, length, writable: false);
    }

    private async Task<byte[]> ReadAsync()
    {
        var octets = new byte[size];
        var content = await stored(0, size, lifetime).ConfigureAwait(false);
        await using var closing = content.ConfigureAwait(false);
        await content.ReadExactlyAsync(octets, lifetime).ConfigureAwait(false);
        return octets;
    }

    private async Task<MessageStructure> BuildAsync()
    {
        var content = await OpenAsync(lifetime).ConfigureAwait(false);
        await using var closing = content.ConfigureAwait(false);
        return await MessageStructureBuilder.BuildAsync(content, lifetime).ConfigureAwait(false);
    }
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

    /// <summary>It is <see cref="Away"/> because it failed too often a moment ago, and was not asked.</summary>
    public bool IsResting { get; init; }

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
