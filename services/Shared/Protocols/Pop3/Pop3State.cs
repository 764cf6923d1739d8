using Merpati.Accounts;
using Merpati.Protocols.Sasl;

namespace Merpati.Protocols.Pop3;

/// <summary>States in which a command is allowed (RFC 1939 §3). UPDATE is not among them: QUIT enters and ends it.</summary>
[Flags]
internal enum AllowedIn
{
    Authorization = 1,
    Transaction = 2,
    Both = Authorization | Transaction,
}

/// <summary>Where a session is, with what it has there.</summary>
internal abstract record Pop3State
{
    private Pop3State() { }

    /// <summary>AUTHORIZATION. <paramref name="User"/> is set between USER and the command after it, which can only be PASS.</summary>
    internal sealed record Authorization(string? User) : Pop3State
    {
        internal static Authorization Start { get; } = new(User: null);
    }

    /// <summary>AUTHORIZATION, inside AUTH: the next line is an answer to a challenge and not a command (RFC 5034 §4).</summary>
    internal sealed record Authenticating(string Mechanism, SaslServer Exchange) : Pop3State;

    /// <summary>TRANSACTION: the maildrop is open and locked.</summary>
    internal sealed record Transaction(Account Account, Maildrop Maildrop, IAsyncDisposable Lock) : Pop3State;
}
