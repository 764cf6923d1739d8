using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using AwesomeAssertions;
using Merpati.Mail.Auth;
using Merpati.Mail.Dns;
using Merpati.Protocols.Milter;
using Merpati.TestKit;
using Merpati.TestKit.Dns;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using Xunit.Abstractions;

namespace Merpati.Tests.Integration.Scanners.Judges;

/// <summary>
/// Who sends a message, judged by us and by independent programs of Debian (Mail::DKIM, Mail::SPF and Mail::DMARC of Perl, dkimpy and pyspf of Python, OpenDKIM, OpenDMARC and Rspamd) over a corpus of our own and one zone. Where they disagree with us
/// and we are right, or have chosen, it stands in <see cref="Known"/> with the reason; docs/inbound/senders.md tells it too.
/// </summary>
public sealed class JudgesTests(ITestOutputHelper output)
{
    private const int MaxHeader = 1024 * 1024;

    /// <summary>What is known: a judge (all when empty), a kind, a label, and why.</summary>
    private static readonly (string Judge, string Kind, string Label, string Reason)[] Known =
    [
        ("python", "dkim", "blank before a colon", "dkimpy reads no field whose name has a blank behind it; RFC 6376 §3.4.2 takes it out"),
        ("python", "dkim", "second author on top", "dkimpy refuses two From; RFC 6376 §5.4 lets the lower one be signed, and DMARC judges no message with two authors"),
        ("", "dkim", "without From", "RFC 6376 §6.1.1: a signature that does not cover From is ignored"),
        ("", "dkim", "unknown tag with a dash", "RFC 6376 §3.2: the name of a tag is letters, digits and _; the list is malformed"),
        ("perl", "dkim", "tag twice", "RFC 6376 §3.2: a tag that occurs twice makes the whole list invalid"),
        ("perl", "dkim", "lines without end", "Mail::DKIM does not add the CRLF that RFC 6376 §3.4.3 adds to a body without one"),
        ("perl", "dkim", "l=0", "Mail::DKIM takes 0 for none; RFC 6376 §3.5 lets it cover nothing of the body"),
        ("", "dkim", "l= is one octet more than the body", "RFC 6376 §3.5: l= must not be larger than the body"),
        ("python", "dkim", "key: sha1", "dkimpy does not look at h=; RFC 6376 §3.6.1"),
        ("perl", "dkim", "key: pkcs1", "RFC 6376, erratum 3017: a key may be an RSAPublicKey"),
        ("", "dkim", "key: late", "RFC 6376 §3.6.1: v= has to be the first tag"),
        ("python", "dkim", "key: everything", "dkimpy wants * or email alone; RFC 6376 §3.6.1 has a list"),
        ("python", "dkim", "identity below, key forbids it", "dkimpy does not look at t=s; RFC 6376 §3.6.1"),
        ("perl", "dkim", "key of 512 bits", "RFC 8301 §3.2: keys below 1024 bits are not accepted"),
        ("python", "arc", "sets in another order", "dkimpy wants the sets in the order in which they were added; RFC 8617 §5.2 goes by their instances"),
        ("python", "spf", "zero pieces", "RFC 7208 §7.3: the number of pieces must not be 0"),
        ("python", "spf", "macro without end", "RFC 7208 §7.1: what is no macro is a syntax error"),
        ("perl", "spf", "two dots", "Mail::SPF dies; RFC 7208 §4.3 and §4.8: a name that cannot be in DNS matches nothing"),
        ("opendkim", "dkim", "lines without end", "OpenDKIM takes some messages without a last line end for not signed; with one it passes the same signature"),
        ("opendkim", "dkim", "key: wrongtype", "OpenDKIM does not look at k= for RSA; RFC 6376 §6.1.2: another algorithm than that of the key is an error"),
        .. new[] { "opendkim", "rspamd" }.Select(judge => (judge, "dkim", "key: pkcs1", "RFC 6376, erratum 3017: a key may be an RSAPublicKey")),
        .. new[] { "opendkim", "rspamd" }.Select(judge => (judge, "dkim", "tag twice", "RFC 6376 §3.2: a tag that occurs twice makes the whole list invalid")),
        ("opendmarc", "dmarc", "strict.org: signed by subreject.org, sent by mail.strict.org", "OpenDMARC 1.4.2 takes a subdomain for aligned where the record wants it strict (its pull request 354); RFC 9989 §4.4"),
        ("rspamd", "dkim", "blank before a colon", "Rspamd leaves the blank in the name; RFC 6376 §3.4.2 takes it out"),
        .. new[] { "second subject on top", "second author on top" }.Select(label => ("rspamd", "dkim", label, "Rspamd takes the field on top; RFC 6376 §5.4.2: the last one of a name is signed first")),
        .. new[] { "key: sha1", "key: notmail", "key: version" }.Select(label => ("rspamd", "dkim", label, "Rspamd looks at no h=, s= and v= of a key; RFC 6376 §3.6.1")),
        .. new[] { "identity below, key forbids it", "identity elsewhere", "identity that only ends alike" }.Select(label => ("rspamd", "dkim", label, "Rspamd does not compare i= with d=; RFC 6376 §6.1.1")),
        ("rspamd", "dkim", "other query method", "Rspamd does not look at q=; RFC 6376 §3.5"),
        ("rspamd", "dkim", "l=0", "Rspamd takes 0 for none; RFC 6376 §3.5 lets it cover nothing of the body"),
        ("rspamd", "dkim", "l= and the body goes on", "Rspamd counts octets before they are canonical; RFC 6376 §3.5: l= counts those that are"),
        ("rspamd", "dkim", "key of 512 bits", "RFC 8301 §3.2: keys below 1024 bits are not accepted"),
        ("rspamd", "arc", "seal of the first hop gone", "Rspamd sees no chain without a seal; RFC 8617 §5.2: a set that is not whole fails"),
        ("rspamd", "spf", "two records", "Rspamd takes the first; RFC 7208 §4.5: several are a permerror"),
        ("rspamd", "spf", "version alone", "RFC 7208 §4.7: a record without mechanisms is neutral"),
        ("rspamd", "spf", "version that only begins so", "RFC 7208 §4.5: v=spf10 is no record"),
        .. new[] { "networks of all", "qualifiers" }.Select(label => ("rspamd", "spf", label, "Rspamd lets nobody pass who lets everybody pass")),
        ("rspamd", "spf", "something after all", "RFC 7208 §5.1: what comes after all is ignored"),
        .. new[] { "exists by a piece of it", "exists by a delimiter", "exists by domain" }.Select(label => ("rspamd", "spf", label, "Rspamd knows no transformers of macros; RFC 7208 §7.3")),
        .. new[] { "eleven lookups", "three void lookups" }.Select(label => ("rspamd", "spf", label, "RFC 7208 §4.6.4: ten terms that ask DNS, two answers without records")),
        .. new[]
        {
            "network too long", "network with a zero before", "address too short", "IPv6 in ip4", "IPv4 in ip6", "a with a bad length", "include without a record", "include of nothing", "include of a broken one", "include of itself",
            "include without a domain", "redirect twice", "explanation twice", "unknown mechanism", "unknown mechanism after a match", "macro that is none", "macro without end", "macro only for explanations", "zero pieces", "percent alone",
            "no domain behind the colon", "a domain of one label",
        }.Select(label => ("rspamd", "spf", label, "Rspamd passes over what it cannot read; RFC 7208 §4.6 and §5.2: the whole record is a permerror")),
    ];

    [Fact]
    public async Task We_judge_as_independent_programs_do()
    {
        using var corpus = await Corpus.MakeAsync(seed: 20261129);
        corpus.Cases.Count.Should().BeGreaterThan(500);
        var folder = Directory.CreateTempSubdirectory("merpati-judges-").FullName;
        try
        {
            await using var server = DnsTestServer.Start(corpus.Zone);
            var lines = new StringBuilder();
            for (var number = 0; number < corpus.Cases.Count; number++)
            {
                var one = corpus.Cases[number];
                var file = Path.Combine(folder, $"{number}.eml");
                if (one.Message is not null) await File.WriteAllBytesAsync(file, Encoding.Latin1.GetBytes(one.Message));
                string[] arguments = one.Kind switch
                {
                    "spf" => [one.Client, one.Sender, one.Hello],
                    "dmarc" => [file, one.Client, one.Sender, one.Hello, one.Label.Split(':')[0]],
                    _ => [file],
                };
                lines.Append(CultureInfo.InvariantCulture, $"{number}\t{one.Kind}\t{string.Join('\t', arguments)}\n");
            }
            var ours = await OursAsync(corpus, server);
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(10));
            await using var daemons = await DaemonJudges.StartAsync(corpus.Zone, patience.Token);
            List<Task<(string, IReadOnlyDictionary<int, string>)>> judging =
            [
                .. new[] { ("perl", "judge.pl"), ("python", "judge.py") }.Select(async judge => (judge.Item1, await AskAsync(judge.Item2, folder, server, lines.ToString()))),
                AskAsync("opendkim", corpus, (one, _) => daemons.OpenDkimAsync(one)),
                AskAsync("opendmarc", corpus, (one, number) => daemons.OpenDmarcAsync(one, ours[number].Signatures)),
                AskAsync("rspamd", corpus, (one, _) => daemons.RspamdAsync(one)),
            ];
            var disagreements = new List<string>();
            var used = new HashSet<(string, string, string, string)>();
            foreach (var (judge, theirs) in await Task.WhenAll(judging))
            {
                theirs.Should().HaveCountGreaterThan(judge switch { "opendmarc" => 60, "opendkim" => 200, _ => 400 }, $"{judge} has to say something of nearly all that it knows");
                foreach (var (number, said) in theirs)
                {
                    var one = corpus.Cases[number];
                    if (Agree(one.Kind, ours[number].Told, said)) continue;
                    var known = Known.FirstOrDefault(entry => (entry.Judge.Length == 0 || entry.Judge == judge) && entry.Kind == one.Kind && entry.Label == one.Label);
                    if (known != default) used.Add(known);
                    else disagreements.Add($"{number} {one.Kind} '{one.Label}' {one.Client}: we say {ours[number].Told}, {judge} {said}");
                }
            }
            output.WriteLine(string.Join('\n', disagreements));
            if (Environment.GetEnvironmentVariable("MERPATI_KEEP_CORPUS") is { } kept) Keep(folder, kept, corpus.Zone, disagreements);
            disagreements.Should().BeEmpty();
            Known.Except(used).Should().BeEmpty("what is no disagreement any more is not listed");
        }
        finally { Directory.Delete(folder, recursive: true); }
    }

    /// <summary>Of a signature it counts whether it passed: in which words one says that it did not is each one's own.</summary>
    private static bool Agree(string kind, string ours, string theirs)
    {
        if (kind is "spf" or "dmarc") return ours == theirs;
        var (one, other) = (ours.Split(','), theirs.Split(','));
        return one.Length == other.Length && one.Zip(other).All(pair => pair.Second == "unknown" || (pair.First == "pass") == (pair.Second == "pass") && (kind != "arc" || (pair.First == "none") == (pair.Second == "none")));
    }

    private static async Task<(string Judge, IReadOnlyDictionary<int, string> Told)> AskAsync(string judge, Corpus corpus, Func<CorpusCase, int, Task<string?>> ask)
    {
        var told = new ConcurrentDictionary<int, string>();
        await Parallel.ForAsync(0, corpus.Cases.Count, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (number, _) =>
        {
            string? said;
            try { said = await ask(corpus.Cases[number], number); }
            catch (Exception fault) when (fault is MilterException or HttpRequestException or IOException) { said = "crash: " + fault.Message; }
            if (said is not null) told[number] = said;
        });
        return (judge, told);
    }

    private static async Task<IReadOnlyList<(string Told, IReadOnlyList<(string Domain, bool Passed)> Signatures)>> OursAsync(Corpus corpus, DnsTestServer server)
    {
        var options = new DnsOptions();
        options.Servers.Add(server.Address);
        using var dns = new MailDns(options, TimeProvider.System, NullLogger<MailDns>.Instance);
        var spf = new SpfVerifier(dns, "judge.example.net", TimeProvider.System);
        var results = new List<(string, IReadOnlyList<(string, bool)>)>();
        foreach (var one in corpus.Cases)
        {
            using var message = new ReceivedMessage(MaxHeader, maxSignatures: 10);
            if (one.Message is not null) message.Write(Encoding.Latin1.GetBytes(one.Message));
            message.Complete();
            var now = TimeProvider.System.GetUtcNow();
            var signatures = one.Kind is "dkim" or "dmarc" ? await DkimVerifier.VerifyAsync(message, dns, DkimPolicy.Standard, now, CancellationToken.None) : [];
            var told = one.Kind switch
            {
                "spf" => (await SpfAsync()).Result.Name(),
                "dkim" => string.Join(',', signatures.Select(result => result.Result.Name())),
                "arc" => (await ArcVerifier.VerifyAsync(message, dns, DkimPolicy.Standard, now, CancellationToken.None)).Result.Name(),
                _ => Told(await new DmarcVerifier(dns, DmarcDiscovery.TreeWalk).VerifyAsync(message.AuthorDomains, await SpfAsync(), signatures, CancellationToken.None)),
            };
            results.Add((told, [.. signatures.Select(signature => (signature.Domain, signature.Result == AuthResult.Pass))]));

            ValueTask<SpfResult> SpfAsync() => spf.CheckMailFromAsync(IPAddress.Parse(one.Client), one.Sender, one.Hello, CancellationToken.None);
        }
        return results;
    }

    /// <summary>The result, and what is to become of the message.</summary>
    private static string Told(DmarcResult result) => $"{result.Result.Name()} {(result.Result == AuthResult.Fail ? result.Policy.Name() : "none")}";

    private static async Task<IReadOnlyDictionary<int, string>> AskAsync(string script, string folder, DnsTestServer server, string questions)
    {
        var file = Path.Combine(folder, script);
        await using (var from = typeof(JudgesTests).Assembly.GetManifestResourceStream(script) ?? throw new InvalidOperationException($"{script} is not there."))
        await using (var to = File.Create(file)) await from.CopyToAsync(to);
        var result = await Command.RunAsync(script.EndsWith(".py", StringComparison.Ordinal) ? "/usr/bin/python3" : "/usr/bin/perl", [file, server.EndPoint.Port.ToString(CultureInfo.InvariantCulture)], questions);
        result.ExitCode.Should().Be(0, result.ToString());
        return result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t')).ToDictionary(words => int.Parse(words[0], CultureInfo.InvariantCulture), words => words[1]);
    }

    private static void Keep(string folder, string where, string zone, IEnumerable<string> disagreements)
    {
        Directory.CreateDirectory(where);
        foreach (var file in Directory.EnumerateFiles(folder)) File.Copy(file, Path.Combine(where, Path.GetFileName(file)), overwrite: true);
        File.WriteAllText(Path.Combine(where, "zone"), zone);
        File.WriteAllLines(Path.Combine(where, "disagreements"), disagreements);
    }
}
