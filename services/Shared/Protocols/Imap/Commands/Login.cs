using Merpati.Accounts;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>LOGIN (RFC 3501 §6.2.3).</summary>
internal sealed record Login(string User, string Password) : Command
{
    public static Command Parse(ref CommandScanner scanner)
    {
        scanner.Space();
        var user = scanner.Text(scanner.AString("a user name"));
        scanner.Space();
        return new Login(user, scanner.Text(scanner.AString("a password")));
    }

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        if (!session.MayAuthenticate) return Completion.PrivacyRequired;
        var outcome = await session.Engine.Directory
            .LoginAsync(User, Password, LoginProtocol.Imap, session.Transport.RemoteEndPoint.Address, cancellationToken).ConfigureAwait(false);
        return outcome switch
        {
            LoginOutcome.Granted granted => await session.LogInAsync(granted.Account, cancellationToken).ConfigureAwait(false),
            LoginOutcome.Throttled => Completion.Throttled,
            _ => session.RefuseLogin(),
        };
    }
}
