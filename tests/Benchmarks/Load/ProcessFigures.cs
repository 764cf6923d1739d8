using System.Globalization;

namespace Merpati.Benchmarks.Load;

/// <summary>Processor time and memory of a process with all its descendants, out of /proc.</summary>
/// <param name="Cpu">Of those that live and of those that were waited for.</param>
/// <param name="Pss">Memory with shared pages divided among those who share them: the only figure that is fair to a server of many processes.</param>
internal sealed record ProcessFigures(TimeSpan Cpu, long Rss, long Pss)
{
    private const double TicksPerSecond = 100; // USER_HZ, which is 100 on every Linux that .NET runs on

    public static ProcessFigures Of(int root)
    {
        var processes = Directory.EnumerateDirectories("/proc").Select(folder => Path.GetFileName(folder))
            .Where(name => int.TryParse(name, CultureInfo.InvariantCulture, out _))
            .Select(name => Stat.Read(int.Parse(name, CultureInfo.InvariantCulture))).OfType<Stat>().ToArray();
        var children = processes.ToLookup(process => process.Parent);
        var (ticks, rss, pss) = (0L, 0L, 0L);
        var waiting = new Queue<Stat>(processes.Where(process => process.Id == root));
        while (waiting.TryDequeue(out var process))
        {
            ticks += process.Ticks;
            var memory = Memory(process.Id);
            rss += memory.Rss;
            pss += memory.Pss;
            foreach (var child in children[process.Id]) waiting.Enqueue(child);
        }
        return new ProcessFigures(TimeSpan.FromSeconds(ticks / TicksPerSecond), rss, pss);
    }

    public static ProcessFigures Of(IEnumerable<int> roots)
        => roots.Select(Of).Aggregate(new ProcessFigures(TimeSpan.Zero, 0, 0), (sum, one) => new ProcessFigures(sum.Cpu + one.Cpu, sum.Rss + one.Rss, sum.Pss + one.Pss));

    private static (long Rss, long Pss) Memory(int process)
    {
        try
        {
            var fields = File.ReadLines($"/proc/{process}/smaps_rollup").Skip(1).Select(line => line.Split(':', StringSplitOptions.TrimEntries)).ToDictionary(pair => pair[0], pair => pair[1]);
            return (Kilobytes(fields["Rss"]), Kilobytes(fields["Pss"]));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or KeyNotFoundException) { return (0, 0); } // it ended meanwhile

        static long Kilobytes(string field) => long.Parse(field.Split(' ')[0], CultureInfo.InvariantCulture) * 1024;
    }

    private sealed record Stat(int Id, int Parent, long Ticks)
    {
        public static Stat? Read(int id)
        {
            try
            {
                var text = File.ReadAllText($"/proc/{id}/stat");
                var fields = text[(text.LastIndexOf(')') + 2)..].Split(' '); // proc(5): the fields from the third on
                var ticks = fields[11..15].Sum(field => long.Parse(field, CultureInfo.InvariantCulture)); // utime, stime, cutime, cstime
                return new Stat(id, int.Parse(fields[1], CultureInfo.InvariantCulture), ticks);
            }
            catch (IOException) { return null; } // it ended meanwhile
        }
    }
}
