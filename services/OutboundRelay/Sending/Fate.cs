using Merpati.Protocols.Smtp.Client;

namespace Merpati.OutboundRelay.Sending;

/// <summary>What an attempt made of one recipient.</summary>
internal abstract record Fate
{
    private Fate() { }

    /// <summary>Enhanced status code (RFC 3463).</summary>
    public abstract string Status { get; }

    /// <summary>A whole reply of a server, or our own words in the same form: <c>450 4.4.1 …</c>.</summary>
    public abstract string Text { get; }

    /// <summary>The host that said so; null when the words are our own.</summary>
    public string? Host { get; init; }

    /// <summary>The next hop has it.</summary>
    /// <param name="Capabilities">What it makes of DSN and BY decides who reports (RFC 3461 §5.2.2).</param>
    /// <param name="ReadAt">When the reply was read (<see cref="TimeProvider.GetTimestamp"/>): from then until it is in the queue a crash doubles the message.</param>
    public sealed record Relayed(RemoteReply Reply, SmtpCapabilities Capabilities, long ReadAt) : Fate
    {
        public override string Status => Reply.Enhanced ?? "2.0.0";

        public override string Text => Reply.ToString();
    }

    /// <summary>Never.</summary>
    public sealed record Refused(string Code, string Words) : Fate
    {
        public override string Status => Code;

        public override string Text => Words;
    }

    /// <summary>Not now.</summary>
    /// <param name="RetryAt">When to come again; null leaves it to the schedule.</param>
    /// <param name="Uncertain">The server may have it: the connection was lost between the final dot and the reply.</param>
    public sealed record Postponed(string Code, string Words, DateTimeOffset? RetryAt = null, bool Uncertain = false) : Fate
    {
        public override string Status => Code;

        public override string Text => Words;
    }

    /// <summary>Of a negative reply.</summary>
    public static Fate Of(RemoteReply reply, bool permanent, string host, DateTimeOffset? retryAt)
        => permanent
            ? new Refused(reply.Enhanced ?? "5.0.0", reply.ToString()) { Host = host }
            : new Postponed(reply.Enhanced is ['4', ..] code ? code : "4.0.0", reply.ToString(), retryAt) { Host = host };
}
