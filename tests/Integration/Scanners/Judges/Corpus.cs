using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Merpati.Mail.Auth;
using Merpati.Signing;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Pkcs;
using Org.BouncyCastle.Security;

namespace Merpati.Tests.Integration.Scanners.Judges;

/// <summary>One question to all judges.</summary>
/// <param name="Kind">dkim, arc, spf or dmarc.</param>
/// <param name="Label">What was done to it: by this a disagreement is known.</param>
/// <param name="Message">Null for SPF.</param>
internal sealed record CorpusCase(string Kind, string Label, string? Message, string Client = "", string Sender = "", string Hello = "");

/// <summary>
/// Some hundred messages and senders, good, broken and hostile, the same for the same seed but for their keys, and the zone that DNS has for them.
/// </summary>
internal sealed class Corpus : IDisposable
{
    private const string KeyDomain = "keys.org";

    private static readonly string[] Covered = ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"];

    private readonly RSA _rsa = RSA.Create(2048);
    private readonly RSA _small = RSA.Create(512);
    private readonly Ed25519PrivateKeyParameters _ed25519 = new(new SecureRandom());
    private readonly CorpusSigner _signer;
    private readonly StringBuilder _zone = new();
    private readonly List<CorpusCase> _cases = [];
    private readonly Random _random;

    private Corpus(int seed)
    {
        // The same corpus each time: nothing of it is a secret.
#pragma warning disable CA5394
        _random = new Random(seed);
#pragma warning restore CA5394
        _signer = new CorpusSigner(_rsa, _ed25519);
    }

    public IReadOnlyList<CorpusCase> Cases => _cases;

    public string Zone => _zone.ToString();

    public static async Task<Corpus> MakeAsync(int seed)
    {
        var corpus = new Corpus(seed);
        corpus.AddKeys();
        corpus.AddSignatures();
        await corpus.AddChainsAsync();
        corpus.AddSenders();
        corpus.AddAuthors();
        return corpus;
    }

    public void Dispose()
    {
        _rsa.Dispose();
        _small.Dispose();
    }

    private void AddKeys()
    {
        using var stranger = RSA.Create(2048);
        var rsa = Convert.ToBase64String(_rsa.ExportSubjectPublicKeyInfo());
        string[] domains = [KeyDomain, "sub." + KeyDomain, "author.org", "mail.author.org", "strict.org", "mail.strict.org", "other.org", "subreject.org", "norecord.org"];
        foreach (var domain in domains)
        {
            Text($"rsa._domainkey.{domain}", "v=DKIM1; k=rsa; p=" + rsa);
            Text($"ed._domainkey.{domain}", "v=DKIM1; k=ed25519; p=" + Convert.ToBase64String(_ed25519.GeneratePublicKey().GetEncoded()));
        }
        Text($"plain._domainkey.{KeyDomain}", "p=" + rsa);
        Text($"pkcs1._domainkey.{KeyDomain}", "v=DKIM1; p=" + Convert.ToBase64String(_rsa.ExportRSAPublicKey()));
        Text($"spaced._domainkey.{KeyDomain}", "v=DKIM1 ; k = rsa ; n=a key; xunknown=1; p= " + string.Join(' ', rsa.Chunk(64).Select(piece => new string(piece))) + " ;");
        Text($"other._domainkey.{KeyDomain}", "v=DKIM1; k=rsa; p=" + Convert.ToBase64String(stranger.ExportSubjectPublicKeyInfo()));
        Text($"revoked._domainkey.{KeyDomain}", "v=DKIM1; k=rsa; p=");
        Text($"sha1._domainkey.{KeyDomain}", "v=DKIM1; h=sha1; k=rsa; p=" + rsa);
        Text($"bothhashes._domainkey.{KeyDomain}", "v=DKIM1; h=sha1:sha256; k=rsa; p=" + rsa);
        Text($"notmail._domainkey.{KeyDomain}", "v=DKIM1; s=tlsrpt; k=rsa; p=" + rsa);
        Text($"everything._domainkey.{KeyDomain}", "v=DKIM1; s=tlsrpt:*; k=rsa; p=" + rsa);
        Text($"strict._domainkey.{KeyDomain}", "v=DKIM1; t=s; k=rsa; p=" + rsa);
        Text($"testing._domainkey.{KeyDomain}", "v=DKIM1; t=y; k=rsa; p=" + rsa);
        Text($"version._domainkey.{KeyDomain}", "v=DKIM2; k=rsa; p=" + rsa);
        Text($"late._domainkey.{KeyDomain}", "k=rsa; v=DKIM1; p=" + rsa);
        Text($"wrongtype._domainkey.{KeyDomain}", "v=DKIM1; k=ed25519; p=" + rsa);
        Text($"nobase64._domainkey.{KeyDomain}", "v=DKIM1; k=rsa; p=!!!!");
        Text($"nokey._domainkey.{KeyDomain}", "v=DKIM1; k=rsa; p=AAAA");
        Text($"small._domainkey.{KeyDomain}", "v=DKIM1; k=rsa; p=" + Convert.ToBase64String(_small.ExportSubjectPublicKeyInfo()));
        _zone.Append(CultureInfo.InvariantCulture, $"alias._domainkey.{KeyDomain} CNAME rsa._domainkey.{KeyDomain}\n");
    }

    private void AddSignatures()
    {
        // What may become of a signed message on its way; the label says it.
        (string Label, Func<string, string> Change)[] ways =
        [
            ("untouched", message => message),
            ("untouched", message => message),
            ("subject changed", message => message.Replace("Subject: ", "Subject: Re: ", StringComparison.Ordinal)),
            ("subject folded", message => message.Replace("Subject: news of", "Subject: news\r\n of", StringComparison.Ordinal)),
            ("subject has more blanks", message => message.Replace("Subject: news of", "Subject:  news   of", StringComparison.Ordinal)),
            ("name of a field in capitals", message => message.Replace("\r\nTo: ", "\r\nTO: ", StringComparison.Ordinal)),
            ("blank before a colon", message => message.Replace("\r\nTo: ", "\r\nTo : ", StringComparison.Ordinal)),
            ("body changed", message => message.Replace("pigeons", "pigeon", StringComparison.Ordinal)),
            ("body goes on", message => message + "P.S.\r\n"),
            ("empty lines at the end", message => message + "\r\n\r\n"),
            ("blanks at ends of lines", message => Body(message, body => body.Replace("\r\n", " \t\r\n", StringComparison.Ordinal))),
            ("blanks within lines", message => Body(message, body => body.Replace(" ", "  ", StringComparison.Ordinal))),
            ("a line of blanks at the end", message => message + " \t\r\n"),
            ("lines without end", message => message[..^2]),
            ("field on top", message => "X-Seen: yes\r\n" + message),
            ("second subject on top", message => "Subject: buy\r\n" + message),
            ("second author on top", message => "From: Eve <eve@example.org>\r\n" + message),
            ("second subject below", message => Header(message, header => header + "Subject: buy\r\n")),
            ("fields in another order", message => Header(message, header => Reordered(header))),
            ("date gone", message => Header(message, header => string.Concat(CorpusSigner.Fields(header).Where(field => !field.StartsWith("Date:", StringComparison.Ordinal))))),
            ("bh changed", message => message.Replace("bh=", "bh=AA", StringComparison.Ordinal)),
            ("b changed", message => message.Replace("b=", "b=AA", StringComparison.Ordinal)),
            ("b folded anew", message => message.Replace("\r\n\t ", "\r\n  ", StringComparison.Ordinal)),
        ];
        string[] bodies =
        [
            "Dear all,\r\n\r\nthe pigeons are back.\r\n\r\n-- \r\nJoe\r\n",
            "pigeons\r\n",
            "",
            "\r\n\r\n\r\n",
            "\r\npigeons  \t \r\n\r\n \r\n\r\n",
            " leading, with\ttabs \tand pigeons\r\n.\r\n..\r\nFrom here on\r\n",
            "caf\u00e9 pigeons \u00ff\u0080\r\n",
            string.Concat(Enumerable.Repeat("A long letter on pigeons, which goes on and on.\r\n", 300)),
        ];
        for (var number = 0; number < 10 * ways.Length; number++)
        {
            var (label, change) = ways[number % ways.Length];
            var message = Plain(number, bodies[Next(bodies.Length)]);
            var count = Next(5) == 0 ? 2 : 1;
            for (var one = 0; one < count; one++)
            {
                var covered = Next(4) == 0 ? [.. Covered, "Subject", "From", "X-Nowhere"] : Covered;
                // A subject that is covered once more than it is there: another one breaks it.
                message = _signer.Sign(message, Signature() with { Covered = covered });
            }
            Add("dkim", label, change(message));
        }

        // What the signature or its key says, on a message that nobody touched.
        (string Label, CorpusSignature Signature)[] signatures =
        [
            .. new[] { "plain", "pkcs1", "spaced", "other", "revoked", "sha1", "bothhashes", "notmail", "everything", "strict", "testing", "version", "late", "wrongtype", "nobase64", "nokey", "missing", "alias" }
                .Select(selector => ($"key: {selector}", Signature() with { Selector = selector, IsEd25519 = false })),
            ("identity below the domain", Rsa(" i=joe@below.keys.org;")),
            ("identity below, key forbids it", Rsa(" i=joe@below.keys.org;") with { Selector = "strict" }),
            ("identity elsewhere", Rsa(" i=joe@other.org;")),
            ("identity that only ends alike", Rsa(" i=joe@notkeys.org;")),
            ("expired", Rsa(" t=1000000000; x=1000000001;")),
            ("expires far ahead", Rsa(" t=1000000000; x=9000000000;")),
            ("expires before it was made", Rsa(" t=1700000000; x=1600000000;")),
            ("unknown tag", Rsa(" xthing=1; q=dns/txt;")),
            ("unknown tag with a dash", Rsa(" x-thing=1;")),
            ("other query method", Rsa(" q=carrier/pigeon;")),
            ("tag twice", Rsa(" s=rsa;")),
            ("without From", Rsa() with { Covered = ["To", "Subject"] }),
            ("names in capitals", Rsa() with { Covered = ["FROM", "to", "SuBject"] }),
            ("l= of all", Rsa() with { Length = 1_000_000 }),
            ("l= of a part", Rsa() with { Length = 5 }),
            ("l=0", Rsa() with { Length = 0 }),
        ];
        foreach (var (label, signature) in signatures)
        {
            Add("dkim", label, _signer.Sign(Plain(number: 1, bodies[0]), signature with { Length = signature.Length is > 1000 ? bodies[0].Replace(" \r\n", "\r\n", StringComparison.Ordinal).Length : signature.Length }));
            Add("dkim", label, _signer.Sign(Plain(number: 2, bodies[1]), signature with { Length = signature.Length is > 1000 ? bodies[1].Length : signature.Length }));
        }
        Add("dkim", "l= and the body goes on", _signer.Sign(Plain(3, bodies[0]), Rsa() with { Length = bodies[0].Length }) + "P.S.\r\n");
        Add("dkim", "l= is one octet more than the body", _signer.Sign(Plain(3, bodies[0]), Rsa() with { Length = bodies[0].Length }));
        Add("dkim", "l= is more than the body", _signer.Sign(Plain(3, bodies[0]), Rsa() with { Length = bodies[0].Length }).Replace("l=", "l=1", StringComparison.Ordinal));
        var whole = _signer.Sign(Plain(4, bodies[0]), Rsa());
        foreach (var (label, text, instead) in new[]
        {
            ("without v=", "v=1; ", ""), ("of version 2", "v=1;", "v=2;"), ("without a=", "a=rsa-sha256; ", ""), ("of an unknown algorithm", "a=rsa-sha256;", "a=rsa-md5;"), ("unknown canonicalization", "c=", "c=nofws/"),
            ("without d=", " d=keys.org;", ""), ("without s=", " s=rsa;", ""), ("without bh=", "bh=", "zh="), ("without b=", "\tb=", "\tzb="), ("signature is no list", "DKIM-Signature: v=1;", "DKIM-Signature: nothing;"), ("d= is no domain", " d=keys.org;", " d=;"),
        }) Add("dkim", label, whole.Replace(label == "without d=" ? "\td=keys.org;" : text, label == "without d=" ? "\t" : instead, StringComparison.Ordinal));
        Add("dkim", "key of 512 bits", new CorpusSigner(_small, _ed25519).Sign(Plain(5, bodies[0]), Rsa() with { Selector = "small" }));
    }

    private async Task AddChainsAsync()
    {
        var hops = Enumerable.Range(0, 6).Select(hop => DkimKeyMaker.Create($"hop{hop}.org", "arc", DkimAlgorithm.RsaSha256)).ToList();
        foreach (var hop in hops) Text(DkimKeyMaker.RecordName(hop), DkimKeyMaker.RecordText(hop));
        Text("arc._domainkey.liar.org", DkimKeyMaker.RecordText(hops[0]));
        (string Label, Func<string, string> Change)[] ways =
        [
            ("untouched", message => message),
            ("body changed after the last seal", message => message.Replace("pigeons", "pigeon", StringComparison.Ordinal)),
            ("subject changed after the last seal", message => message.Replace("Subject: ", "Subject: Re: ", StringComparison.Ordinal)),
            ("results of the first hop changed", message => Last(message, "i=1; hop0.org; spf=pass", "i=1; hop0.org; spf=fail")),
            ("newest set gone", message => Header(message, header => string.Concat(CorpusSigner.Fields(header).Where((field, at) => at > 2)))),
            ("seal of the first hop gone", message => Header(message, header => string.Concat(CorpusSigner.Fields(header).Where(field => !(field.StartsWith("ARC-Seal:", StringComparison.Ordinal) && field.Contains("i=1;", StringComparison.Ordinal)))))),
            ("a set twice", message => Header(message, header => string.Concat(CorpusSigner.Fields(header).Take(3)) + header)),
            ("another domain in a seal", message => message.Replace("d=hop0.org", "d=hop1.org", StringComparison.Ordinal)),
            ("field on top", message => "Received: from here by there; Sun, 29 Nov 2026 04:00:00 +0000\r\n" + message),
            ("cv changed", message => message.Replace("cv=none", "cv=pass", StringComparison.Ordinal)),
            ("sets in another order", message => Header(message, header => Reordered(header))),
        ];
        for (var number = 0; number < 5 * ways.Length; number++)
        {
            var (label, change) = ways[number % ways.Length];
            var message = _signer.Sign(Plain(number, "Dear list,\r\n\r\nthe pigeons are back.\r\n"), Rsa());
            var sets = 1 + number / ways.Length;
            for (var hop = 0; hop < sets; hop++)
            {
                // A list adds its footer, and so breaks the message signatures before its own: only the newest counts (RFC 8617 §5.2).
                if (hop > 0) message += $"_____\r\nlist {hop}\r\n";
                var digest = await MessageDigest.ReadAsync(new MemoryStream(Encoding.Latin1.GetBytes(message)), Canonicalization.Relaxed, CancellationToken.None);
                var seal = ArcSealer.Seal(digest, hop == 0 ? AuthResult.None : AuthResult.Pass, hops[hop], $"hop{hop}.org", "spf=pass smtp.mailfrom=joe@keys.org; dkim=pass header.d=keys.org", DateTimeOffset.UnixEpoch.AddSeconds(1_790_000_000 + hop));
                message = Encoding.Latin1.GetString(seal.Span) + message;
            }
            Add("arc", label, change(message));
        }
        Add("arc", "no chain", Plain(1, "pigeons\r\n"));
    }

    private void AddSenders()
    {
        string[] addresses = ["192.0.2.1", "192.0.2.130", "198.51.100.7", "203.0.113.99", "2001:db8::1", "2001:db8:1::9"];
        var records = SpfRecords.All;
        _zone.Append(SpfRecords.Names);
        for (var number = 0; number < records.Count; number++)
        {
            foreach (var record in records[number].Records) Text($"s{number}.senders.org", record);
            foreach (var address in addresses.Where((_, at) => (at + number) % 2 == 0)) _cases.Add(new CorpusCase("spf", records[number].Label, null, address, $"joe.smith@s{number}.senders.org", "mx.senders.org"));
        }
        _cases.Add(new CorpusCase("spf", "null sender", null, "192.0.2.1", "", "helo.senders.org"));
        _cases.Add(new CorpusCase("spf", "null sender", null, "198.51.100.7", "", "helo.senders.org"));
        _cases.Add(new CorpusCase("spf", "no such domain", null, "198.51.100.7", "joe@nowhere.senders.org", "helo.senders.org"));
    }

    private void AddAuthors()
    {
        _zone.Append("""
            _dmarc.author.org TXT "v=DMARC1; p=reject"
            author.org TXT "v=spf1 ip4:192.0.2.0/24 -all"
            mail.author.org TXT "v=spf1 ip4:192.0.2.0/24 -all"
            other.org TXT "v=spf1 ip4:192.0.2.0/24 -all"
            _dmarc.strict.org TXT "v=DMARC1; p=quarantine; adkim=s; aspf=s"
            strict.org TXT "v=spf1 ip4:192.0.2.0/24 -all"
            mail.strict.org TXT "v=spf1 ip4:192.0.2.0/24 -all"
            _dmarc.subreject.org TXT "v=DMARC1; p=none; sp=reject"
            news.subreject.org TXT "nothing"
            author.org MX 10 mx.other.org
            mail.author.org MX 10 mx.other.org
            strict.org MX 10 mx.other.org
            mail.strict.org MX 10 mx.other.org
            other.org MX 10 mx.other.org
            subreject.org MX 10 mx.other.org
            news.subreject.org MX 10 mx.other.org
            norecord.org MX 10 mx.other.org
            mx.other.org A 192.0.2.9
            norecord.org TXT "v=spf1 -all"

            """);
        string[] authors = ["author.org", "mail.author.org", "strict.org", "mail.strict.org", "subreject.org", "news.subreject.org", "norecord.org"];
        string[] senders = ["author.org", "mail.author.org", "other.org", "strict.org", "mail.strict.org"];
        string[] signers = ["author.org", "mail.author.org", "other.org", "strict.org", "mail.strict.org", "subreject.org", ""];
        for (var number = 0; number < 70; number++)
        {
            var (author, sender, signer) = (authors[number % authors.Length], senders[Next(senders.Length)], signers[Next(signers.Length)]);
            var isBroken = Next(4) == 0;
            var client = Next(2) == 0 ? "192.0.2.9" : "198.51.100.9";
            var message = Plain(number, "pigeons\r\n").Replace("@keys.org>", $"@{author}>", StringComparison.Ordinal);
            if (signer.Length > 0) message = _signer.Sign(message, Rsa() with { Domain = signer });
            if (isBroken) message += "more\r\n";
            _cases.Add(new CorpusCase("dmarc", $"{author}: {(signer.Length == 0 ? "unsigned" : $"signed by {signer}{(isBroken ? ", broken" : "")}")}, sent by {sender}", message, client, $"joe@{sender}", "mx.other.org"));
        }
    }

    private void Add(string kind, string label, string message) => _cases.Add(new CorpusCase(kind, label, message));

    private CorpusSignature Rsa(string more = "") => new(KeyDomain, "rsa", IsEd25519: false, RelaxedHeader: true, RelaxedBody: true, Covered, More: more);

    private CorpusSignature Signature()
    {
        var isEd25519 = Next(5) == 0;
        return new CorpusSignature(KeyDomain, isEd25519 ? "ed" : "rsa", isEd25519, RelaxedHeader: Next(2) == 0, RelaxedBody: Next(2) == 0, Covered);
    }

#pragma warning disable CA5394 // not for secrets
    private int Next(int below) => _random.Next(below);
#pragma warning restore CA5394

    private void Text(string name, string text) => _zone.Append(CultureInfo.InvariantCulture, $"{name} TXT {string.Join(' ', text.Chunk(200).Select(piece => $"\"{new string(piece)}\""))}\n");

    private static string Plain(int number, string body)
        => $"Received: from a.example.org by b.example.org\r\n\twith ESMTP; Sun, 29 Nov 2026 04:00:00 +0000\r\nFrom: Joe <joe@keys.org>\r\nTo: ann@example.net,\r\n bob@example.net\r\nSubject: news of  the day {number}\t \r\nDate: Sun, 29 Nov 2026 04:00:00 +0000\r\nMessage-ID: <{number}@keys.org>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=iso-8859-1\r\nX-Other: \r\n\r\n{body}";

    private static string Header(string message, Func<string, string> change)
    {
        var (header, body) = CorpusSigner.Split(message);
        return $"{change(header)}\r\n{body}";
    }

    private static string Body(string message, Func<string, string> change)
    {
        var (header, body) = CorpusSigner.Split(message);
        return $"{header}\r\n{change(body)}";
    }

    private static string Last(string message, string text, string instead)
        => message.LastIndexOf(text, StringComparison.Ordinal) is var at and >= 0 ? message[..at] + instead + message[(at + text.Length)..] : throw new InvalidOperationException($"'{text}' is not there.");

    private static string Reordered(string header) => string.Concat(CorpusSigner.Fields(header).Reverse());
}
