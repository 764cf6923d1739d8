using System.Collections.Frozen;
using Merpati.Protocols.Pop3.Commands;

namespace Merpati.Protocols.Pop3;

internal delegate ValueTask<Pop3Reply> Pop3Handler(Pop3Session session, Pop3CommandLine command, CancellationToken cancellationToken);

/// <param name="NeedsTls">Carries credentials: refused in the clear unless <see cref="Pop3Settings.AllowPlaintextAuth"/>.</param>
internal sealed record Pop3Command(string Verb, AllowedIn AllowedIn, bool NeedsTls, Pop3Handler Handle);

/// <summary>
/// Every command there is. APOP is not among them on purpose: it needs the password itself on the server (RFC 1939 §7), and we keep
/// only Argon2id hashes and SCRAM keys. The greeting therefore carries no timestamp.
/// </summary>
internal static class CommandTable
{
    internal static IReadOnlyList<Pop3Command> Commands { get; } =
    [
        new("AUTH", AllowedIn.Authorization, NeedsTls: true, Auth.Handle),
        new("CAPA", AllowedIn.Both, NeedsTls: false, Capa.Handle),
        new("DELE", AllowedIn.Transaction, NeedsTls: false, Dele.Handle),
        new("LIST", AllowedIn.Transaction, NeedsTls: false, List.Handle),
        new("NOOP", AllowedIn.Transaction, NeedsTls: false, Noop.Handle),
        new("PASS", AllowedIn.Authorization, NeedsTls: true, Pass.Handle),
        new("QUIT", AllowedIn.Both, NeedsTls: false, Quit.Handle),
        new("RETR", AllowedIn.Transaction, NeedsTls: false, Retr.Handle),
        new("RSET", AllowedIn.Transaction, NeedsTls: false, Rset.Handle),
        new("STAT", AllowedIn.Transaction, NeedsTls: false, Stat.Handle),
        new("STLS", AllowedIn.Authorization, NeedsTls: false, Stls.Handle),
        new("TOP", AllowedIn.Transaction, NeedsTls: false, Top.Handle),
        new("UIDL", AllowedIn.Transaction, NeedsTls: false, Uidl.Handle),
        new("USER", AllowedIn.Authorization, NeedsTls: true, User.Handle),
        new("UTF8", AllowedIn.Authorization, NeedsTls: false, Utf8.Handle),
    ];

    private static readonly FrozenDictionary<string, Pop3Command> ByVerb = Commands.ToFrozenDictionary(command => command.Verb, StringComparer.Ordinal);

    internal static Pop3Command? Find(string verb) => ByVerb.GetValueOrDefault(verb);
}
