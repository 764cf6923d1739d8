namespace Merpati.Protocols.Imap;

/// <summary>A part of a result by its places in it: from 1 on, or with both ends negative from its end (RFC 9394 §3.1).</summary>
internal readonly record struct PartialRange(long First, long Last)
{
    /// <summary>Of how many results, which are taken: where the first lies, from 0, and how many.</summary>
    public (int Start, int Count) Of(int results)
    {
        var (low, high) = First <= Last ? (First, Last) : (Last, First);
        // -1 is the last place.
        var start = low > 0 ? low - 1 : results + low;
        var end = high > 0 ? high : results + high + 1;
        start = Math.Clamp(start, 0, results);
        return ((int)start, (int)(Math.Clamp(end, start, results) - start));
    }

    public static PartialRange Parse(ref CommandScanner scanner)
    {
        var first = Place(ref scanner);
        scanner.Expect((byte)':');
        var last = Place(ref scanner);
        if (first < 0 != last < 0) scanner.Fail("Both ends of a partial range count from the same end");
        return new PartialRange(first, last);
    }

    private static long Place(ref CommandScanner scanner) => scanner.TryTake((byte)'-') ? -(long)scanner.NonZeroNumber() : scanner.NonZeroNumber();
}

/// <summary>RETURN options (RFC 4731 §3.1, RFC 5182 §2, RFC 5267 §4, RFC 9394 §3).</summary>
internal sealed record ResultOptions
{
    public bool Min { get; init; }

    public bool Max { get; init; }

    public bool All { get; init; }

    public bool Count { get; init; }

    public bool Save { get; init; }

    public bool Update { get; init; }

    public PartialRange? Partial { get; init; }

    /// <summary>With SAVE alone, and nothing that has to be told, there is no ESEARCH response (RFC 5182 §2.1).</summary>
    public bool Answers => Min || Max || All || Count || Partial is not null || !Save;

    /// <summary>As <c>RETURN ()</c>.</summary>
    public static ResultOptions Default { get; } = new() { All = true };

    /// <summary><c>"(" [option *(SP option)] ")"</c>.</summary>
    /// <param name="contexts">UPDATE is an option here.</param>
    public static ResultOptions Parse(ref CommandScanner scanner, bool contexts)
    {
        var options = new ResultOptions();
        var count = 0;
        scanner.Expect((byte)'(');
        while (!scanner.Failed && !scanner.NextIs((byte)')'))
        {
            if (count++ > 0) scanner.Space();
            switch (scanner.Keyword("a RETURN option"))
            {
                case "MIN": options = options with { Min = true }; break;
                case "MAX": options = options with { Max = true }; break;
                case "ALL": options = options with { All = true }; break;
                case "COUNT": options = options with { Count = true }; break;
                case "SAVE": options = options with { Save = true }; break;
                case "PARTIAL" when options.Partial is null:
                    scanner.Space();
                    options = options with { Partial = PartialRange.Parse(ref scanner) };
                    break;
                case "PARTIAL": scanner.Fail("PARTIAL is given once"); break;
                case "UPDATE" when contexts: options = options with { Update = true }; break;
                // A hint (RFC 5267 §4.2); every search is as fast without it.
                case "CONTEXT" when contexts: break;
                default: scanner.Fail("Unknown RETURN option"); break;
            }
        }
        scanner.Expect((byte)')');
        if (options is { All: true, Partial: not null }) scanner.Fail("ALL and PARTIAL exclude each other");
        return options is { Min: false, Max: false, All: false, Count: false, Save: false, Update: false, Partial: null } ? Default : options;
    }

    /// <summary>Which of the results '$' stands for afterwards: all of them, or those that MIN, MAX and PARTIAL name where nothing else is asked (RFC 5182 §2.4, RFC 9394 §3.1).</summary>
    public IEnumerable<T> Saved<T>(IReadOnlyList<T> results)
    {
        if (All || Count || !Min && !Max && Partial is null || results.Count == 0) return results;
        var saved = new List<T>();
        if (Min) saved.Add(results[0]);
        if (Max) saved.Add(results[^1]);
        if (Partial?.Of(results.Count) is var (start, count)) saved.AddRange(results.Skip(start).Take(count));
        return saved;
    }
}
