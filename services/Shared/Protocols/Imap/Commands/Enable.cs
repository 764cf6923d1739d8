using System.Text;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>ENABLE (RFC 5161). Names that cannot be enabled, known or not, are passed over, as §3.1 asks.</summary>
internal sealed record Enable(Extensions Extensions) : Command
{
    public static Command Parse(ref CommandScanner scanner)
    {
        var extensions = Extensions.None;
        do
        {
            scanner.Space();
            extensions |= Named(scanner.Keyword("a capability"));
        }
        while (scanner.NextIs((byte)' '));
        return new Enable(extensions);
    }

    public override ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        var enabled = new StringBuilder("* ENABLED");
        foreach (var extension in Enum.GetValues<Extensions>())
        {
            if (extension != Extensions.None && Extensions.HasFlag(extension)) enabled.Append(' ').Append(Name(extension));
        }
        session.Output.Ascii(enabled.ToString()).Line();
        session.Enable(Extensions);
        return new(Completion.Ok);
    }

    private static Extensions Named(string capability) => capability switch
    {
        "CONDSTORE" => Extensions.CondStore,
        "QRESYNC" => Extensions.QResync,
        "IMAP4REV2" => Extensions.Rev2,
        "UIDONLY" => Extensions.UidOnly,
        "UTF8=ACCEPT" => Extensions.Utf8Accept,
        _ => Extensions.None,
    };

    private static string Name(Extensions extension) => extension switch
    {
        Extensions.CondStore => "CONDSTORE",
        Extensions.QResync => "QRESYNC",
        Extensions.Rev2 => "IMAP4rev2",
        Extensions.UidOnly => "UIDONLY",
        Extensions.Utf8Accept => "UTF8=ACCEPT",
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
