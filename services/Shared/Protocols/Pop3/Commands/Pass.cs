using Merpati.Accounts;

namespace Merpati.Protocols.Pop3.Commands;

/// <summary>PASS (RFC 1939 §7): right after USER, and all that follows the space is the password, spaces included.</summary>
internal static class Pass
{
    private const string Mechanism = "USER";

    internal static async ValueTask<Pop3Reply> Handle(Pop3Session session, Pop3CommandLine command, CancellationToken cancellationToken)
    {
        if (session.State is not Pop3State.Authorization { User: { } user }) return Pop3Reply.Err("USER comes first");
        session.State = Pop3State.Authorization.Start;
        if (command.Argument is not { } password) return Pop3Reply.Syntax("PASS takes a password");
        return await session.Directory.LoginAsync(user, password, LoginProtocol.Pop3, session.Client, cancellationToken).ConfigureAwait(false) switch
        {
            LoginOutcome.Granted granted => await session.OpenMaildropAsync(Mechanism, granted.Account, cancellationToken).ConfigureAwait(false),
            LoginOutcome.Denied => session.RefuseLogin(Mechanism, LoginResult.Denied),
            LoginOutcome.Throttled => session.RefuseLogin(Mechanism, LoginResult.Throttled),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }
}
