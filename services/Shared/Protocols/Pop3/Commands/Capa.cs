using System.Globalization;

namespace Merpati.Protocols.Pop3.Commands;

/// <summary>CAPA (RFC 2449 §5).</summary>
internal static class Capa
{
    internal static ValueTask<Pop3Reply> Handle(Pop3Session session, Pop3CommandLine command, CancellationToken cancellationToken)
        => ValueTask.FromResult(command.Words().Length == 0
            ? new Pop3Reply.Listing("capability list follows", Capability.All.Where(capability => capability.IsOffered(session)).Select(capability => capability.In(session)))
            : Pop3Reply.Syntax("CAPA takes no argument"));
}

/// <summary>One line of CAPA.</summary>
/// <param name="Commands">What stands behind it; a test holds them against the command table, so that nothing is promised that is not there.</param>
internal sealed record Capability(string Line, IReadOnlyList<string> Commands, Func<Pop3Session, bool> IsOffered)
{
    /// <summary>What follows on the line where that depends on the connection.</summary>
    internal Func<Pop3Session, string>? Arguments { get; init; }

    internal string In(Pop3Session session) => Arguments is null ? Line : $"{Line} {Arguments(session)}";

    internal static IReadOnlyList<Capability> All { get; } =
    [
        new("TOP", ["TOP"], Always),
        new("UIDL", ["UIDL"], Always),
        new("USER", ["USER", "PASS"], session => session.MayAuthenticate),
        new("SASL", ["AUTH"], session => session.MayAuthenticate) { Arguments = session => string.Join(' ', Auth.Mechanisms(session)) },
        // RFC 2595 §4: in AUTHORIZATION only, and not once TLS is active.
        new("STLS", ["STLS"], session => session is { MayStartTls: true, State: not Pop3State.Transaction }),
        new("UTF8 USER", ["UTF8"], Always),
        new("PIPELINING", [], Always),
        new("RESP-CODES", [], Always),
        new("AUTH-RESP-CODE", [], Always),
        new("LOGIN-DELAY", [], session => session.Settings.LoginDelay > TimeSpan.Zero) { Arguments = session => ((long)session.Settings.LoginDelay.TotalSeconds).ToString(CultureInfo.InvariantCulture) },
        // Nothing takes messages out of INBOX by their age.
        new("EXPIRE NEVER", [], Always),
        new("IMPLEMENTATION Merpati", [], Always),
    ];

    private static bool Always(Pop3Session session) => true;
}
