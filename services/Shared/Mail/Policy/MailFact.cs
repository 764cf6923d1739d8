namespace Merpati.Mail.Policy;

/// <summary>What kind of value a fact has, and so what a rule may ask of it.</summary>
public enum FactKind
{
    /// <summary>Text, compared without regard to case, with <c>*</c> and <c>?</c> in the pattern.</summary>
    Text,

    /// <summary>Compared with <c>&lt; &lt;= &gt; &gt;=</c> or for equality.</summary>
    Number,

    /// <summary>True or false.</summary>
    Flag,

    /// <summary>An IP address, compared with addresses and networks.</summary>
    Address,

    /// <summary>Texts; one that matches is enough.</summary>
    List,
}

/// <summary>One thing that is known of a message, by name.</summary>
/// <param name="Name">As it is written in policies and kept in capsules: never change it.</param>
/// <param name="Words">Of a text: all that it can be; null when it can be anything.</param>
public sealed record MailFact(string Name, FactKind Kind, string Description, IReadOnlyList<string>? Words = null)
{
    private static readonly string[] Results = ["none", "pass", "fail", "softfail", "neutral", "policy", "temperror", "permerror"];

    /// <summary>The address that the mail came from.</summary>
    public static readonly MailFact ClientAddress = new("client.ip", FactKind.Address, "the address that the mail came from");

    public static readonly MailFact ClientName = new("client.name", FactKind.Text, "the name of that address that leads back to it; absent when there is none");

    public static readonly MailFact Hello = new("client.helo", FactKind.Text, "what the client called itself");

    public static readonly MailFact Tls = new("client.tls", FactKind.Flag, "whether the mail came over TLS");

    public static readonly MailFact Sender = new("sender", FactKind.Text, "the reverse-path without brackets; empty for the null one");

    public static readonly MailFact SenderDomain = new("sender.domain", FactKind.Text, "the domain of the reverse-path; absent for the null one");

    public static readonly MailFact Recipients = new("recipients", FactKind.List, "the recipients");

    public static readonly MailFact RecipientCount = new("recipients.count", FactKind.Number, "how many recipients there are");

    public static readonly MailFact Size = new("size", FactKind.Number, "octets of the message");

    public static readonly MailFact AuthorDomain = new("author.domain", FactKind.Text, "the domain of the author (From)");

    public static readonly MailFact Spf = new("spf", FactKind.Text, "SPF of the reverse-path, or of HELO for the null one", Results);

    public static readonly MailFact HelloSpf = new("spf.helo", FactKind.Text, "SPF of HELO", Results);

    public static readonly MailFact Dkim = new("dkim", FactKind.Text, "DKIM: pass when one signature passed, else the result of the topmost", Results);

    public static readonly MailFact DkimDomains = new("dkim.domains", FactKind.List, "the domains whose signatures passed");

    public static readonly MailFact Dmarc = new("dmarc", FactKind.Text, "DMARC", Results);

    public static readonly MailFact DmarcPolicy = new("dmarc.policy", FactKind.Text, "what the author's domain asks for", ["none", "quarantine", "reject"]);

    public static readonly MailFact DmarcApplies = new("dmarc.applies", FactKind.Flag, "whether this message is in the share (pct=) to which that policy applies");

    public static readonly MailFact DmarcEnforced = new("dmarc.enforced", FactKind.Flag, "whether this server does what authors' domains ask for (smtpIngress:dmarc:enforce)");

    public static readonly MailFact Arc = new("arc", FactKind.Text, "the ARC chain", Results);

    public static readonly MailFact ArcVouched = new("arc.vouched", FactKind.Flag, "a sealer that is trusted saw DMARC pass, and its chain is unbroken");

    public static readonly MailFact Iprev = new("iprev", FactKind.Text, "whether the client's address has a name that leads back to it", Results);

    public static readonly MailFact BlockLists = new("dnsbl", FactKind.List, "the DNS block lists that name the client or a domain of the message");

    public static readonly MailFact AllowLists = new("dnswl", FactKind.List, "the DNS allow lists that name the client or a domain of the message");

    public static readonly MailFact ListScore = new("dnsbl.score", FactKind.Number, "the sum of the scores of all these lists");

    public static readonly MailFact ScanResults = new("scan.results", FactKind.List, "what each scanner said, as clamav=clean; away and too-big where it did not look");

    public static readonly MailFact ScanResting = new("scan.resting", FactKind.List, "the scanners that were not asked, as they had failed too often a moment before: their whenAway happens at once");

    public static readonly MailFact ScanAsks = new("scan.asks", FactKind.Text, "what the scanners want to become of the message, the strongest of their wishes: it happens unless a rule decides", ["junk", "quarantine", "defer", "reject"]);

    public static readonly MailFact ScanReply = new("scan.reply", FactKind.Text, "the words of the scanner that wants that");

    public static readonly MailFact ScanScore = new("scan.score", FactKind.Number, "the sum of the scores of one's own scanners");

    public static readonly MailFact ScanTags = new("scan.tags", FactKind.List, "the tags of one's own scanners");

    public static readonly MailFact Viruses = new("viruses", FactKind.List, "the names of the malware that scanners found");

    public static readonly MailFact RspamdAction = new("rspamd.action", FactKind.Text, "what Rspamd would do, in its words: no action, greylist, add header, rewrite subject, soft reject, reject");

    public static readonly MailFact RspamdScore = new("rspamd.score", FactKind.Number, "Rspamd's score");

    public static readonly MailFact RspamdSymbols = new("rspamd.symbols", FactKind.List, "the names of Rspamd's rules that held");

    public static readonly MailFact ContentSigns = new("content.signs", FactKind.List, "what is dangerous or deceives in attachments, links and the author's name: attachment-executable, office-macros, link-text-mismatch and so on");

    public static readonly MailFact AttachmentExtensions = new("attachments.extensions", FactKind.List, "what the names of the attachments end in, without dots");

    public static readonly MailFact AttachmentCount = new("attachments.count", FactKind.Number, "how many attachments there are");

    public static readonly MailFact ClassifierScore = new("classifier.score", FactKind.Number, "what the classifier thinks, 0 (surely good) to 1 (surely junk); absent as long as it has not learned enough");

    public static readonly MailFact Submission = new("submission", FactKind.Flag, "whether one of our users sends it");

    public static readonly MailFact Score = new("score", FactKind.Number, "the scores of the rules before this one that were true");

    /// <summary>All, in the order in which they are told.</summary>
    public static readonly IReadOnlyList<MailFact> All =
    [
        ClientAddress, ClientName, Hello, Tls, Sender, SenderDomain, Recipients, RecipientCount, Size, AuthorDomain, Spf, HelloSpf, Dkim, DkimDomains, Dmarc, DmarcPolicy, DmarcApplies, DmarcEnforced, Arc, ArcVouched, Iprev,
        BlockLists, AllowLists, ListScore, Submission, ContentSigns, AttachmentExtensions, AttachmentCount, ClassifierScore, ScanResults, ScanResting, ScanAsks, ScanReply, ScanScore, ScanTags, Viruses, RspamdAction, RspamdScore, RspamdSymbols, Score,
    ];

    private static readonly Dictionary<string, MailFact> ByName = All.ToDictionary(fact => fact.Name, StringComparer.Ordinal);

    /// <summary>Null when no fact has that name.</summary>
    public static MailFact? Find(string name) => ByName.GetValueOrDefault(name);
}
