using Merpati.Accounts;

namespace Merpati.Protocols.Sasl;

/// <summary>What a mechanism wants next (RFC 4422 §3).</summary>
public abstract record SaslStep
{
    private SaslStep() { }

    /// <summary>Send this to the client (the protocol encodes it) and give its answer to the next step.</summary>
    public sealed record Challenge(ReadOnlyMemory<byte> Data) : SaslStep;

    /// <summary>It is that account; log it in.</summary>
    public sealed record Granted(Account Account) : SaslStep;

    /// <summary>Wrong credentials, or none we know; the client is not told which.</summary>
    public sealed record Denied : SaslStep;

    /// <summary>Too many failures lately: a temporary refusal.</summary>
    public sealed record Throttled(TimeSpan RetryAfter) : SaslStep;

    /// <summary>The answer does not follow the mechanism's grammar: a protocol error.</summary>
    public sealed record Malformed(string Reason) : SaslStep;

    internal static SaslStep From(LoginOutcome outcome) => outcome switch
    {
        LoginOutcome.Granted granted => new Granted(granted.Account),
        LoginOutcome.Denied => new Denied(),
        LoginOutcome.Throttled throttled => new Throttled(throttled.RetryAfter),
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
