namespace Merpati.Mail.Content;

/// <summary>What can be found in a message, by stable words: they stand in policies and capsules. Never change them.</summary>
public static class ContentReason
{
    /// <summary>The name of an attachment ends in what runs.</summary>
    public const string ExecutableName = "attachment-executable";

    /// <summary>An attachment is a program or a shortcut, whatever it is called.</summary>
    public const string ExecutableContent = "attachment-executable-content";

    /// <summary><c>invoice.pdf.exe</c>.</summary>
    public const string DoubleExtension = "attachment-double-extension";

    /// <summary>The name has characters that turn its direction or cannot be seen, or many blanks before what it ends in.</summary>
    public const string NameTricks = "attachment-name-tricks";

    /// <summary>It is something else than its name or its media type says.</summary>
    public const string TypeMismatch = "attachment-type-mismatch";

    /// <summary>An archive holds a file whose name ends in what runs.</summary>
    public const string ArchiveExecutable = "archive-executable";

    /// <summary>An archive holds files that cannot be looked at without a password.</summary>
    public const string ArchiveEncrypted = "archive-encrypted";

    /// <summary>An archive whose names could not be read, or not all of them: it is broken, cut into volumes, or made in a way that is not known.</summary>
    public const string ArchiveUnreadable = "archive-unreadable";

    /// <summary>An office document with macros.</summary>
    public const string OfficeMacros = "office-macros";

    /// <summary>The text of a link shows another host than the one that it leads to.</summary>
    public const string LinkMismatch = "link-text-mismatch";

    /// <summary>A link leads to a host whose name has A-labels (<c>xn--</c>).</summary>
    public const string LinkPunycode = "link-punycode";

    /// <summary>A link leads to a host with a label of letters that look alike in several scripts.</summary>
    public const string LinkMixedScript = "link-mixed-script";

    /// <summary>A link leads to an address instead of a name.</summary>
    public const string LinkAddress = "link-address";

    /// <summary>A link has something before an at sign: <c>https://bank.example@elsewhere.example/</c>.</summary>
    public const string LinkUserInfo = "link-userinfo";

    /// <summary>The name of the author holds an address of another domain than that of the author.</summary>
    public const string AuthorNameAddress = "author-name-address";

    /// <summary>The name of the author names a domain of ours, and the author is elsewhere.</summary>
    public const string AuthorImpersonatesUs = "author-impersonates-us";

    /// <summary>The message comes from outside, and its author is in a domain of ours.</summary>
    public const string AuthorIsOurs = "author-is-ours";

    /// <summary>There was more than is looked at: parts, links, names in archives, octets.</summary>
    public const string Limits = "content-limits";

    public static readonly IReadOnlyList<string> All =
    [
        ExecutableName, ExecutableContent, DoubleExtension, NameTricks, TypeMismatch, ArchiveExecutable, ArchiveEncrypted, ArchiveUnreadable, OfficeMacros,
        LinkMismatch, LinkPunycode, LinkMixedScript, LinkAddress, LinkUserInfo, AuthorNameAddress, AuthorImpersonatesUs, AuthorIsOurs, Limits,
    ];
}

/// <summary>What was found: no names, no addresses, nothing that would have to be kept from others.</summary>
/// <param name="Reasons">Of <see cref="ContentReason"/>, each once, in the order of <see cref="ContentReason.All"/>.</param>
/// <param name="Extensions">What the names of attachments end in, lower case, each once.</param>
/// <param name="Attachments">Parts with a name.</param>
public sealed record ContentFindings(IReadOnlyList<string> Reasons, IReadOnlyList<string> Extensions, int Attachments);

/// <summary>How much of a message is looked at; what is beyond is told (<see cref="ContentReason.Limits"/>).</summary>
/// <param name="MaxParts">Parts without parts of their own.</param>
/// <param name="MaxOctets">Octets of all attachments together that are taken out of their transfer encoding.</param>
/// <param name="MaxText">Characters of each text that are searched for links.</param>
/// <param name="MaxLinks">Links of a text.</param>
/// <param name="MaxNames">Names in an archive.</param>
public sealed record InspectionLimits(int MaxParts = 500, long MaxOctets = 64 * 1024 * 1024, int MaxText = 1024 * 1024, int MaxLinks = 1000, int MaxNames = 10_000);
