using System.Globalization;
using System.IO.Compression;
using System.Text;
using Merpati.Mail.Auth;
using Merpati.Signing;

namespace Merpati.Benchmarks.Load;

/// <summary>Messages of about 10 KB as companies and people send them: text and HTML with links, some with an archive; signed by RSA and Ed25519, and passed on by a list that seals (ARC).</summary>
internal sealed class ChecksCorpus
{
    public const string Client = "192.0.2.25";

    private readonly DkimSigningKey _rsa = DkimKeyMaker.Create("example.org", "r1", DkimAlgorithm.RsaSha256);
    private readonly DkimSigningKey _ed25519 = DkimKeyMaker.Create("example.org", "e1", DkimAlgorithm.Ed25519Sha256);
    private readonly DkimSigningKey _sealer = DkimKeyMaker.Create("lists.example.net", "l1", DkimAlgorithm.RsaSha256);

    /// <summary>What DNS has to say of them, for a server of the test kit.</summary>
    public string Zone => $"""
        example.org. 3600 TXT "v=spf1 include:_spf.example.org a:mail.example.org -all"
        _spf.example.org. 3600 TXT "v=spf1 ip4:198.51.100.0/24 ip4:203.0.113.0/24 mx:example.org ip4:192.0.2.0/24 ~all"
        example.org. 3600 MX 10 mail.example.org.
        mail.example.org. 3600 A 192.0.2.25
        mail.example.org. 3600 TXT "v=spf1 a -all"
        25.2.0.192.in-addr.arpa. 3600 PTR mail.example.org.
        _dmarc.example.org. 3600 TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.org"
        {Key(_rsa)}
        {Key(_ed25519)}
        {Key(_sealer)}
        """;

    public async Task<IReadOnlyList<byte[]>> MakeAsync(int count, int seed, CancellationToken cancellationToken)
    {
        var messages = new List<byte[]>();
        for (var number = 0; number < count; number++) messages.Add(await SignAsync(Encoding.UTF8.GetBytes(Message(new Words(seed + number), number)), cancellationToken));
        return messages;
    }

    /// <summary>What a classifier learns: half of it junk.</summary>
    public static IEnumerable<(byte[] Octets, bool IsJunk)> Lessons(int count)
        => Enumerable.Range(0, count).Select(number => (Encoding.UTF8.GetBytes(Message(new Words(1_000_000 + number), number)), number % 2 == 0));

    private static string Key(DkimSigningKey key)
    {
        // A string of a TXT record has 255 octets at the most.
        var text = DkimKeyMaker.RecordText(key);
        return $"{DkimKeyMaker.RecordName(key)}. 3600 TXT {string.Join(' ', text.Chunk(200).Select(piece => $"\"{new string(piece)}\""))}";
    }

    private async Task<byte[]> SignAsync(byte[] message, CancellationToken cancellationToken)
    {
        var digest = await MessageDigest.ReadAsync(new MemoryStream(message), Canonicalization.Relaxed, cancellationToken);
        byte[] signed = [.. DkimSigner.Sign(digest, [_rsa, _ed25519], DkimSigning.At(TimeProvider.System.GetUtcNow())).Span, .. message];
        var passedOn = await MessageDigest.ReadAsync(new MemoryStream(signed), Canonicalization.Relaxed, cancellationToken);
        return [.. ArcSealer.Seal(passedOn, AuthResult.None, _sealer, "lists.example.net", "spf=pass smtp.mailfrom=example.org; dkim=pass header.d=example.org; dmarc=pass header.from=example.org", TimeProvider.System.GetUtcNow()).Span, .. signed];
    }

    private static string Message(Words words, int number)
    {
        var text = new StringBuilder();
        var html = new StringBuilder("<html><head><style>p { margin: 1em }</style></head><body>\r\n");
        for (var paragraph = 0; text.Length < 2800; paragraph++)
        {
            var sentence = words.Sentence(40);
            text.Append(sentence).Append("\r\nhttps://www.example.org/").Append(words.Next()).Append("\r\n\r\n");
            html.Append(CultureInfo.InvariantCulture, $"<p style=3D\"color: #333\">{sentence} <a href=3D\"https://www.example.org/{words.Next()}?p={paragraph}\">{words.Next()}</a></p>\r\n");
        }
        html.Append("</body></html>\r\n");
        var attachment = number % 4 == 0 ? Archive(words) : "";
        return $"""
            From: "{words.Next()} {words.Next()}" <news@example.org>
            To: <ann@example.test>
            Subject: =?utf-8?q?{words.Next()}=20{words.Next()}_{number}?=
            Date: Sun, 29 Nov 2026 04:00:00 +0000
            Message-ID: <{number}.{words.Next()}@example.org>
            MIME-Version: 1.0
            Content-Type: multipart/mixed; boundary="=_outer"
            List-Unsubscribe: <https://www.example.org/unsubscribe/{number}>

            --=_outer
            Content-Type: multipart/alternative; boundary="=_inner"

            --=_inner
            Content-Type: text/plain; charset=utf-8

            {text}
            --=_inner
            Content-Type: text/html; charset=utf-8
            Content-Transfer-Encoding: quoted-printable

            {html}
            --=_inner--
            {attachment}--=_outer--

            """.ReplaceLineEndings("\r\n");
    }

    private static string Archive(Words words)
    {
        using var octets = new MemoryStream();
        using (var zip = new ZipArchive(octets, ZipArchiveMode.Create, leaveOpen: true))
        {
            using var entry = zip.CreateEntry($"{words.Next()}.txt").Open();
            entry.Write(Encoding.UTF8.GetBytes(words.Sentence(300)));
        }
        return $"--=_outer\r\nContent-Type: application/zip; name=\"{words.Next()}.zip\"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"{words.Next()}.zip\"\r\n\r\n{Convert.ToBase64String(octets.ToArray(), Base64FormattingOptions.InsertLineBreaks)}\r\n";
    }

    /// <summary>Words of a language that nobody speaks, the same for the same seed; few are common and many are rare.</summary>
    private sealed class Words(int seed)
    {
        private static readonly string[] Syllables = ["ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "zu", "an", "er", "in", "on", "ul"];

        // Not for secrets: a corpus that is the same every time.
        private ulong _state = (ulong)seed * 0x9E3779B97F4A7C15UL + 1;

        public string Next()
        {
            var rank = (int)(Math.Pow(Number(1_000_000) / 1e6, 3) * 20_000);
            var word = new StringBuilder();
            do
            {
                word.Append(Syllables[rank % Syllables.Length]);
                rank /= Syllables.Length;
            }
            while (rank > 0);
            return word.Append(Syllables[word.Length % Syllables.Length]).ToString();
        }

        public string Sentence(int words) => string.Join(' ', Enumerable.Range(0, words).Select(_ => Next())) + ".";

        private int Number(int below)
        {
            _state ^= _state << 13;
            _state ^= _state >> 7;
            _state ^= _state << 17;
            return (int)(_state % (ulong)below);
        }
    }
}
