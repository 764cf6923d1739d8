using System.Buffers.Text;
using Merpati.Protocols.Sasl;

namespace Merpati.Protocols.Pop3.Commands;

/// <summary>AUTH mechanism [initial-response] (RFC 5034 §4) and the lines of its exchange.</summary>
internal static class Auth
{
    /// <summary>The strongest first. LOGIN is left out: clients that know nothing better use USER and PASS here.</summary>
    internal static IReadOnlyList<string> Mechanisms(Pop3Session session) => [.. SaslServer.Offered(session.Sasl).Where(name => name != "LOGIN")];

    internal static async ValueTask<Pop3Reply> Handle(Pop3Session session, Pop3CommandLine command, CancellationToken cancellationToken)
    {
        var words = command.Words();
        if (words.Length is not (1 or 2)) return Pop3Reply.Syntax("AUTH takes a mechanism and perhaps an initial response");
        var mechanism = words[0].ToUpperInvariant();
        if (!Mechanisms(session).Contains(mechanism, StringComparer.Ordinal) || SaslServer.Create(mechanism, session.Sasl) is not { } exchange)
        {
            return Pop3Reply.Err("mechanism is not offered");
        }
        session.State = new Pop3State.Authenticating(mechanism, exchange);
        return words switch
        {
            [_] => await StepAsync(session, mechanism, exchange, response: null, cancellationToken).ConfigureAwait(false),
            [_, "="] => await StepAsync(session, mechanism, exchange, ReadOnlyMemory<byte>.Empty, cancellationToken).ConfigureAwait(false), // an empty one is "="
            _ => await AnswerAsync(session, System.Text.Encoding.UTF8.GetBytes(words[1]), cancellationToken).ConfigureAwait(false),
        };
    }

    /// <summary>A line of the client in answer to a challenge.</summary>
    internal static async ValueTask<Pop3Reply> AnswerAsync(Pop3Session session, byte[] line, CancellationToken cancellationToken)
    {
        var (mechanism, exchange) = (Pop3State.Authenticating)session.State;
        if (line is [(byte)'*']) return session.RefuseLogin(mechanism, LoginResult.Abandoned, Pop3Reply.Err("authentication cancelled"));
        var response = new byte[Base64.GetMaxDecodedFromUtf8Length(line.Length)];
        // Strict: whole groups of four and no white space inside.
        if (Base64.DecodeFromUtf8(line, response, out var consumed, out var written) != System.Buffers.OperationStatus.Done
            || consumed != line.Length || line.AsSpan().ContainsAny(" \t\r\n"u8))
        {
            return session.RefuseLogin(mechanism, LoginResult.Abandoned, Pop3Reply.Err("that is not base64"));
        }
        return await StepAsync(session, mechanism, exchange, response.AsMemory(0, written), cancellationToken).ConfigureAwait(false);
    }

    private static async ValueTask<Pop3Reply> StepAsync(Pop3Session session, string mechanism, SaslServer exchange, ReadOnlyMemory<byte>? response, CancellationToken cancellationToken)
        => await exchange.StepAsync(response, cancellationToken).ConfigureAwait(false) switch
        {
            SaslStep.Challenge challenge => new Pop3Reply.Challenge(challenge.Data),
            SaslStep.Granted granted => await session.OpenMaildropAsync(mechanism, granted.Account, cancellationToken).ConfigureAwait(false),
            SaslStep.Denied => session.RefuseLogin(mechanism, LoginResult.Denied),
            SaslStep.Throttled => session.RefuseLogin(mechanism, LoginResult.Throttled),
            SaslStep.Malformed malformed => session.RefuseLogin(mechanism, LoginResult.Abandoned, Pop3Reply.Err($"{mechanism}: {malformed.Reason}")),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
}
