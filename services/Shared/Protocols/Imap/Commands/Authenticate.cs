using System.Buffers.Text;
using Merpati.Protocols.Sasl;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>AUTHENTICATE (RFC 3501 §6.2.2) with an initial response (RFC 4959).</summary>
/// <param name="InitialResponse">Base64 as sent, "=" for an empty one, null for none.</param>
internal sealed record Authenticate(string Mechanism, byte[]? InitialResponse) : Command
{
    /// <summary>Base64 of the longest answer that SASL looks at.</summary>
    private const int MaxAnswer = (SaslServer.MaxResponseLength + 2) / 3 * 4;

    public static Command Parse(ref CommandScanner scanner)
    {
        scanner.Space();
        var mechanism = scanner.Atom("a mechanism");
        byte[]? initial = null;
        if (scanner.TryTake((byte)' ')) initial = scanner.Take(Syntax.AtomChars, "an initial response").ToArray();
        return new Authenticate(mechanism, initial);
    }

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        if (!session.MayAuthenticate) return Completion.PrivacyRequired;
        if (SaslServer.Create(Mechanism, session.Sasl) is not { } sasl)
            return Completion.No("CANNOT", "No such mechanism");
        ReadOnlyMemory<byte>? response = null;
        if (InitialResponse is not null)
        {
            response = InitialResponse is [(byte)'='] ? ReadOnlyMemory<byte>.Empty : TryDecode(InitialResponse);
            if (response is null) return Completion.Bad("The initial response is not base64");
        }
        while (true)
        {
            switch (await sasl.StepAsync(response, cancellationToken).ConfigureAwait(false))
            {
                case SaslStep.Challenge challenge:
                    session.Output.Continue(Convert.ToBase64String(challenge.Data.Span));
                    break;
                case SaslStep.Granted granted:
                    return await session.LogInAsync(granted.Account, cancellationToken).ConfigureAwait(false);
                case SaslStep.Denied:
                    return session.RefuseLogin();
                case SaslStep.Throttled:
                    return Completion.Throttled;
                case SaslStep.Malformed malformed:
                    return Completion.Bad("Malformed response: " + malformed.Reason);
            }
            var (arrival, line) = await session.Reader.ReadAnswerAsync(MaxAnswer).ConfigureAwait(false);
            if (arrival == Arrival.TimedOut) return Completion.Bad("No answer came") with { Bye = "Login took too long" };
            if (arrival == Arrival.Draining) return Completion.ShuttingDown;
            if (arrival != Arrival.Octets) throw new ConnectionLostException("client closed", canWrite: true);
            if (line is null) return Completion.Bad("The answer is too long");
            if (line is [(byte)'*']) return Completion.Bad("Authentication cancelled");
            response = TryDecode(line);
            if (response is null) return Completion.Bad("The answer is not base64");
        }
    }

    private static ReadOnlyMemory<byte>? TryDecode(byte[] base64)
    {
        if (!Base64.IsValid(base64, out var length)) return null;
        var octets = new byte[length];
        return Base64.DecodeFromUtf8(base64, octets, out _, out var written) == System.Buffers.OperationStatus.Done ? octets.AsMemory(0, written) : (ReadOnlyMemory<byte>?)null;
    }
}
