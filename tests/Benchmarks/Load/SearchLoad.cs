using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Merpati.Benchmarks.Load;

/// <summary>
/// Searches in one large mailbox of any server: fills INBOX by APPEND until it has as many messages as wanted, each a few KB of words as texts have them (Zipf), then asks each question many times. The first answer is
/// shown apart: it is what a server does that has nothing in memory yet.
/// </summary>
internal static class SearchLoad
{
    public const string Usage = "--port N [--host 127.0.0.1] [--messages 10000] [--login user0@bench.test] [--password bench] [--seconds 3] [--connections 4] [--settle 5]";

    private const int Writers = 16;
    private const int WordsInMessage = 400;
    private const int Vocabulary = 200_000;

    private static readonly string[] Onsets = ["", "b", "br", "c", "ch", "d", "f", "fl", "g", "h", "j", "k", "l", "m", "n", "p", "pr", "r", "s", "st", "t", "th", "tr", "v", "w"];
    private static readonly string[] Nuclei = ["a", "e", "i", "o", "u", "ai", "ea", "ie", "ou", "y"];
    private static readonly string[] Codas = ["", "", "", "n", "r", "s", "t", "l", "m", "nd", "ng", "st", "ck", "x"];

    private static readonly string[] Words = [.. Enumerable.Range(0, Vocabulary).Select(Word)];

    private static readonly (string Name, string Question)[] Questions =
    [
        ("SUBJECT, none", "SUBJECT \"no such subject\""),
        ("SUBJECT, one", "SUBJECT \"number 77 \""),
        ("FROM, a hundredth", "FROM \"sender42@\""),
        ("BODY, none", "BODY \"xyzzyplugh\""),
        ("BODY, one", "BODY \"needle00077\""),
        ("BODY, a hundredth", "BODY \"topic42 \""),
        ("BODY, all", "BODY \"common phrase\""),
        ("BODY, a rare word", $"BODY \"{Words[Vocabulary / 2]}\""),
        ("BODY, q: none", "BODY \"q\""),
        ("BODY, zh: none", "BODY \"zh\""),
        ("BODY, tzf: none", "BODY \"tzf\""),
        ("BODY, x: most", "BODY \"x\""),
        ("BODY, yx", "BODY \"yx\""),
        ("BODY, fly", "BODY \"fly\""),
        ("TEXT, one", "TEXT \"needle00077\""),
        ("TEXT, all", "TEXT \"bench.test\""),
        ("UNSEEN BODY, one", "UNSEEN BODY \"needle00077\""),
    ];

    public static async Task RunAsync(Options options, CancellationToken cancellationToken)
    {
        var (server, login, password) = (options.EndPoint(143), options.Text("login", "user0@bench.test"), options.Text("password", "bench"));
        var (messages, duration) = (options.Number("messages", 10_000), TimeSpan.FromSeconds(options.Number("seconds", 3)));
        var sessions = await Task.WhenAll(Enumerable.Range(0, Math.Max(Writers, options.Number("connections", 4))).Select(_ => ImapSession.LogInAsync(server, tls: false, login, password, cancellationToken)));
        try
        {
            await FillAsync(sessions, messages, cancellationToken);
            await Task.Delay(TimeSpan.FromSeconds(options.Number("settle", 5)), cancellationToken);
            var asking = sessions[..options.Number("connections", 4)];
            foreach (var session in asking) await session.SelectAsync(cancellationToken);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{asking[0].Messages} messages, {asking.Length} connections"));
            foreach (var (name, question) in Questions) await AskAsync(asking, name, question, duration, cancellationToken);
        }
        finally
        {
            foreach (var session in sessions) await session.DisposeAsync();
        }
    }

    private static async Task FillAsync(ImapSession[] sessions, int messages, CancellationToken cancellationToken)
    {
        var next = await sessions[0].CountAsync(cancellationToken) - 1;
        var clock = Stopwatch.StartNew();
        var missing = Math.Max(0, messages - next - 1);
        await Task.WhenAll(sessions[..Writers].Select(async session =>
        {
            while (Interlocked.Increment(ref next) is var number && number < messages) await session.AppendAsync(Message(number, WordsInMessage), cancellationToken);
        }));
        if (missing > 0) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"APPEND {missing / clock.Elapsed.TotalSeconds:F0}/s"));
    }

    private static async Task AskAsync(ImapSession[] sessions, string name, string question, TimeSpan duration, CancellationToken cancellationToken)
    {
        var found = 0;
        var started = Stopwatch.GetTimestamp();
        await sessions[0].CommandAsync("SEARCH " + question, cancellationToken, line => found = line.Count(c => c == ' ') - 1);
        var first = Stopwatch.GetElapsedTime(started);
        var alone = new Latencies();
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < duration;)
        {
            started = Stopwatch.GetTimestamp();
            await sessions[0].CommandAsync("SEARCH " + question, cancellationToken);
            alone.Add(started);
        }
        var all = new Latencies();
        var together = Stopwatch.StartNew();
        await Task.WhenAll(sessions.Select(async session =>
        {
            while (together.Elapsed < duration)
            {
                var at = Stopwatch.GetTimestamp();
                await session.CommandAsync("SEARCH " + question, cancellationToken);
                all.Add(at);
            }
        }));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{name,-20} {found,7} found  first {first.TotalMilliseconds,8:F1} ms  alone p50 {alone.Milliseconds(50),8:F2} ms  together {all.Count / together.Elapsed.TotalSeconds,8:F1}/s"));
    }

    /// <summary>Words by their rank, some 2.5 KB of 400: the text of no other message.</summary>
    public static byte[] Message(int number, int words)
    {
        var random = new Random(number);
        var text = new StringBuilder(4096);
        text.Append(CultureInfo.InvariantCulture, $"From: Sender <sender{number % 100}@remote.test>\r\nTo: <user0@bench.test>\r\nSubject: Message number {number} \r\n")
            .Append("Date: Tue, 24 Nov 2026 10:00:00 +0000\r\n")
            .Append(CultureInfo.InvariantCulture, $"Message-ID: <{number}@remote.test>\r\n\r\nneedle{number:D5} topic{number % 100} a common phrase\r\n");
        for (var word = 0; word < words; word++)
        {
            // Zipf: the word of rank r comes as often as 1/r.
            text.Append(Words[(int)Math.Pow(Vocabulary, random.NextDouble())]).Append(word % 12 == 11 ? "\r\n" : " ");
        }
        return Encoding.ASCII.GetBytes(text.Append("\r\n").ToString());
    }

    /// <summary>The word of that rank, always the same: one syllable of the commonest, three of the rare.</summary>
    private static string Word(int rank)
    {
        var random = new Random(rank);
        var word = new StringBuilder();
        for (var syllables = rank switch { < 100 => 1, < 4000 => 2, _ => 3 }; syllables > 0; syllables--)
            word.Append(Onsets[random.Next(Onsets.Length)]).Append(Nuclei[random.Next(Nuclei.Length)]).Append(Codas[random.Next(Codas.Length)]);
        return word.ToString();
    }
}
