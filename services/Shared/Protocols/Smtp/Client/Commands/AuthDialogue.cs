using Merpati.Protocols.Sasl;

namespace Merpati.Protocols.Smtp.Client.Commands;

/// <summary>AUTH (RFC 4954), the client's side: the strongest mechanism that both know, and the next one where the server cannot do what it offers.</summary>
internal static class AuthDialogue
{
    // The longest exchange that there is takes three.
    private const int MaxChallenges = 8;

    /// <summary>Null when the server knows us now.</summary>
    public static async ValueTask<OpenOutcome?> RunAsync(ClientWire wire, SmtpCredential credential, SmtpCapabilities capabilities, SmtpClientOptions options, CancellationToken cancellationToken)
    {
        IReadOnlyList<SaslClient> known = credential switch
        {
            SmtpCredential.Password password => SaslClient.ForPassword(password.User, password.Secret),
            SmtpCredential.Token token => [SaslClient.ForToken(token.User, token.Bearer)],
            _ => throw new System.Diagnostics.UnreachableException(),
        };
        OpenOutcome outcome = new OpenOutcome.NoMechanism(capabilities.Auth.Count == 0 ? "The server offers no AUTH" : $"The server offers {string.Join(' ', capabilities.Auth.Order(StringComparer.Ordinal))}, and none of these is possible");
        foreach (var mechanism in known.Where(mechanism => capabilities.Auth.Contains(mechanism.Mechanism)))
        {
            switch (await RunAsync(wire, mechanism, options, cancellationToken).ConfigureAwait(false))
            {
                case null: return null;
                // RFC 4954 §4 and §6: the mechanism is not known after all, too weak, or not possible for this user.
                case OpenOutcome.Refused { Reply.Code: 504 or 534 } refused: outcome = refused; break;
                case var end: return end;
            }
        }
        return outcome;
    }

    private static async ValueTask<OpenOutcome?> RunAsync(ClientWire wire, SaslClient mechanism, SmtpClientOptions options, CancellationToken cancellationToken)
    {
        var first = $"AUTH {mechanism.Mechanism}";
        var answer = await wire.AskAsync(mechanism.InitialResponse is { } initial ? $"{first} {Encode(initial)}" : first, SmtpStage.Auth, options.AuthTimeout, cancellationToken, first).ConfigureAwait(false);
        for (var challenges = 0; ; challenges++)
        {
            switch (answer)
            {
                case Answer.Lost lost:
                    return new OpenOutcome.Lost(lost.Loss);
                case Answer.Replied { Reply.Code: 334 } asked when challenges < MaxChallenges:
                    var response = Decode(asked.Reply.Lines[^1]) is { } challenge ? mechanism.Respond(challenge) : null;
                    answer = await wire.AskAsync(response is { } data ? Encode(data) : "*", SmtpStage.Auth, options.AuthTimeout, cancellationToken, "(response)").ConfigureAwait(false);
                    if (response is null) return answer is Answer.Lost gone ? new OpenOutcome.Lost(gone.Loss) : new OpenOutcome.NoMechanism($"The server does not follow {mechanism.Mechanism}, or does not know the password itself");
                    break;
                case Answer.Replied { Reply.IsPositive: true }:
                    return mechanism.IsComplete ? null : new OpenOutcome.NoMechanism($"The server did not prove who it is by {mechanism.Mechanism}");
                case Answer.Replied { Reply: { IsTransient: true } or { IsPermanent: true } } refused:
                    return new OpenOutcome.Refused(SmtpStage.Auth, refused.Reply);
                case Answer.Replied other:
                    return new OpenOutcome.Lost(ClientWire.Unexpected(SmtpStage.Auth, other.Reply));
            }
        }
    }

    /// <summary>RFC 4954 §4: an empty initial response is an equals sign; no mechanism here has one, and later ones are empty lines.</summary>
    private static string Encode(ReadOnlyMemory<byte> data) => Convert.ToBase64String(data.Span);

    private static ReadOnlyMemory<byte>? Decode(string text)
    {
        var octets = new byte[text.Length];
        if (!Convert.TryFromBase64String(text.Trim(), octets, out var length)) return null;
        return octets.AsMemory(0, length);
    }
}
