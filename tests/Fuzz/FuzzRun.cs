using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using SharpFuzz;

namespace Merpati.Fuzz;

/// <summary>The ways to run a target: under libFuzzer, over files, or for some seconds over mutations of its corpus.</summary>
internal static class FuzzRun
{
    private const int MaxInput = 1 << 16;

    /// <summary>Octets that mean something to some protocol.</summary>
    private static readonly byte[] Telling = [.. "\r\n. <>()[]{}@\"\\:;,=*+%&~/-0159aA"u8, 0x00, 0x7f, 0x80, 0xc3, 0xff];

    public static async Task<int> StartAsync(string[] args)
    {
        if (args.Length == 0 || (args[0] != "all" && !SessionsRun.All.ContainsKey(args[0]) && !FuzzTargets.All.ContainsKey(args[0]))) return Usage();
        var chosen = FuzzTargets.All.Where(target => args[0] == "all" || target.Key == args[0]).ToList();
        switch (args.ElementAtOrDefault(1))
        {
            case "--replay" when args.Length == 3:
                return chosen.Sum(target => Replay(target.Key, target.Value, args[2]));
            case "--random" when args.Length is 3 or 4:
                var duration = TimeSpan.FromSeconds(int.Parse(args[2], CultureInfo.InvariantCulture));
                var seed = args.Length == 4 ? int.Parse(args[3], CultureInfo.InvariantCulture) : Environment.TickCount & 0x0fffffff;
                var failures = chosen.Sum(target => Mutate(target.Key, target.Value, duration, seed));
                foreach (var sessions in SessionsRun.All.Keys.Where(name => args[0] == "all" || args[0] == name)) failures += await SessionsRun.StartAsync(sessions, duration, seed);
                return failures;
            case null when chosen.Count == 1:
                Fuzzer.LibFuzzer.Run(input => chosen[0].Value(input));
                return 0;
            default:
                return Usage();
        }
    }

    private static int Usage()
    {
        Console.Error.WriteLine($"usage: <all|{string.Join('|', SessionsRun.All.Keys)}|{string.Join('|', FuzzTargets.All.Keys)}> [--replay <folder> | --random <seconds> [seed]]");
        return 2;
    }

    private static int Replay(string name, FuzzTarget target, string folder)
    {
        var files = Directory.GetFiles(folder, "*", SearchOption.AllDirectories);
        var failures = files.Count(file => !Passes(name, target, File.ReadAllBytes(file), file));
        Console.WriteLine($"{name}: {files.Length} files, {failures} failures");
        return Math.Min(failures, 1);
    }

    private static int Mutate(string name, FuzzTarget target, TimeSpan duration, int seed)
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "Corpus", name);
        var corpus = Directory.Exists(folder) ? Directory.GetFiles(folder).Order(StringComparer.Ordinal).Select(File.ReadAllBytes).ToList() : [];
        if (corpus.Count == 0) corpus.Add([]);
        if (corpus.Exists(input => !Passes(name, target, input, "corpus"))) return 1;
        var random = new Random(seed);
        var clock = Stopwatch.StartNew();
        var runs = 0L;
        for (; clock.Elapsed < duration; runs++)
        {
            var input = Mutation(random, corpus);
            if (!Passes(name, target, input, $"seed {seed}, run {runs}")) return 1;
        }
        Console.WriteLine($"{name}: {runs} inputs, no failure (seed {seed})");
        return 0;
    }

    private static bool Passes(string name, FuzzTarget target, byte[] input, string origin)
    {
        try
        {
            target(input);
            return true;
        }
        catch (Exception failure)
        {
            var file = Path.GetFullPath($"finding-{name}-{Convert.ToHexStringLower(SHA256.HashData(input))[..16]}");
            File.WriteAllBytes(file, input);
            Console.Error.WriteLine($"{name} failed on {origin}, saved as {file}\n{failure}");
            return false;
        }
    }

    /// <summary>A few small changes of one input, some of them pieces of another.</summary>
    private static byte[] Mutation(Random random, List<byte[]> corpus)
    {
        var input = new List<byte>(corpus[random.Next(corpus.Count)]);
        for (var changes = random.Next(1, 9); changes > 0; changes--)
        {
            var at = random.Next(input.Count + 1);
            switch (random.Next(6))
            {
                case 0 when at < input.Count:
                    input[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1 when at < input.Count:
                    input[at] = (byte)random.Next(256);
                    break;
                case 2:
                    input.RemoveRange(at, Math.Min(random.Next(1, 17), input.Count - at));
                    break;
                case 3:
                    input.Insert(at, Telling[random.Next(Telling.Length)]);
                    break;
                case 4:
                    input.InsertRange(at, input.GetRange(at, Math.Min(random.Next(1, 65), input.Count - at)));
                    break;
                default:
                    var other = corpus[random.Next(corpus.Count)];
                    var from = random.Next(other.Length + 1);
                    input.InsertRange(at, other.AsSpan(from, Math.Min(random.Next(1, 257), other.Length - from)).ToArray());
                    break;
            }
        }
        if (input.Count > MaxInput) input.RemoveRange(MaxInput, input.Count - MaxInput);
        return [.. input];
    }
}
