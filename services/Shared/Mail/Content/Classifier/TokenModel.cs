using System.Buffers.Binary;

namespace Merpati.Mail.Content;

/// <summary>
/// A naive Bayes classifier (Robinson's combination by Fisher's method): how often each token was seen in junk and in other mail. It is bounded: tokens that were seen least go when there is no more
/// room, and of the last messages that were learned it knows which, so that one that is moved to and fro is not learned twice, and is forgotten as what it was. Not thread-safe.
/// </summary>
public sealed class TokenModel
{
    /// <summary>Tokens that are kept.</summary>
    public const int MaxTokens = 30_000;

    /// <summary>Messages of each kind that have to be learned before there is a score.</summary>
    public const int MinMessages = 20;

    private const int MaxLearned = 5000;
    private const int MaxTelling = 150;
    private const byte Version = 1;

    // How much a token that was hardly seen is believed to be neutral.
    private const double Strength = 0.45;
    private const double Telling = 0.1;

    private readonly Dictionary<uint, (ushort Junk, ushort Other)> _tokens = [];
    private readonly Dictionary<ulong, bool> _learned = [];
    private readonly Queue<ulong> _order = [];

    /// <summary>Messages of junk that were learned.</summary>
    public int Junk { get; private set; }

    /// <summary>Other messages that were learned.</summary>
    public int Other { get; private set; }

    public int Tokens => _tokens.Count;

    public bool IsTrained => Junk >= MinMessages && Other >= MinMessages;

    /// <returns>False when it had been learned as that already.</returns>
    public bool Learn(MessageTokens message, bool isJunk)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (_learned.TryGetValue(message.Digest, out var before))
        {
            if (before == isJunk) return false;
            Count(message, before, -1);
            _learned[message.Digest] = isJunk;
        }
        else
        {
            _learned.Add(message.Digest, isJunk);
            _order.Enqueue(message.Digest);
            if (_order.Count > MaxLearned) _learned.Remove(_order.Dequeue());
        }
        Count(message, isJunk, 1);
        if (_tokens.Count > MaxTokens) Prune();
        return true;
    }

    /// <summary>0 for what is surely no junk, 1 for what surely is, 0.5 for what nobody knows; null as long as too little was learned.</summary>
    public double? Score(MessageTokens message)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (!IsTrained) return null;
        var telling = message.Tokens.Where(_tokens.ContainsKey).Select(Probability).Where(probability => Math.Abs(probability - 0.5) >= Telling).OrderByDescending(probability => Math.Abs(probability - 0.5)).ThenBy(probability => probability).Take(MaxTelling).ToList();
        if (telling.Count == 0) return 0.5;
        var junk = 1 - ChiSquare(-2 * telling.Sum(probability => Math.Log(1 - probability)), telling.Count);
        var other = 1 - ChiSquare(-2 * telling.Sum(Math.Log), telling.Count);
        return Math.Round((1 + junk - other) / 2, 4);
    }

    /// <summary>As it is kept; the same model gives the same octets.</summary>
    public byte[] Write()
    {
        var octets = new byte[1 + 16 + (_tokens.Count * 8) + (_order.Count * 9)];
        var at = 0;
        octets[at++] = Version;
        foreach (var number in (int[])[Junk, Other, _tokens.Count, _order.Count]) WriteNumber((uint)number);
        foreach (var (token, (junk, other)) in _tokens.OrderBy(pair => pair.Key))
        {
            WriteNumber(token);
            WriteNumber(junk | ((uint)other << 16));
        }
        foreach (var digest in _order)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(octets.AsSpan(at), digest);
            octets[at + 8] = _learned[digest] ? (byte)1 : (byte)0;
            at += 9;
        }
        return octets;

        void WriteNumber(uint number)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(octets.AsSpan(at), number);
            at += sizeof(uint);
        }
    }

    /// <summary>Null when the octets are no model of this version.</summary>
    public static TokenModel? Read(ReadOnlySpan<byte> octets)
    {
        if (octets.Length < 17 || octets[0] != Version) return null;
        var model = new TokenModel { Junk = ReadNumber(octets, 1), Other = ReadNumber(octets, 5) };
        var (tokens, learned) = (ReadNumber(octets, 9), ReadNumber(octets, 13));
        if (tokens is < 0 or > MaxTokens || learned is < 0 or > MaxLearned || model.Junk < 0 || model.Other < 0 || octets.Length != 17 + (tokens * 8) + (learned * 9)) return null;
        var rest = octets[17..];
        for (; tokens > 0; tokens--, rest = rest[8..])
            model._tokens[BinaryPrimitives.ReadUInt32LittleEndian(rest)] = (BinaryPrimitives.ReadUInt16LittleEndian(rest[4..]), BinaryPrimitives.ReadUInt16LittleEndian(rest[6..]));
        for (; learned > 0; learned--, rest = rest[9..])
        {
            if (model._learned.TryAdd(BinaryPrimitives.ReadUInt64LittleEndian(rest), rest[8] != 0)) model._order.Enqueue(BinaryPrimitives.ReadUInt64LittleEndian(rest));
        }
        return model;
    }

    private static int ReadNumber(ReadOnlySpan<byte> octets, int at) => BinaryPrimitives.ReadInt32LittleEndian(octets[at..]);

    private void Count(MessageTokens message, bool isJunk, int step)
    {
        if (isJunk) Junk = Math.Max(0, Junk + step);
        else Other = Math.Max(0, Other + step);
        foreach (var token in message.Tokens)
        {
            var (junk, other) = _tokens.GetValueOrDefault(token);
            if (isJunk) junk = Step(junk, step);
            else other = Step(other, step);
            if (junk == 0 && other == 0) _tokens.Remove(token);
            else _tokens[token] = (junk, other);
        }
        if (Math.Max(Junk, Other) >= ushort.MaxValue - 1) Halve();
    }

    private static ushort Step(ushort count, int step) => (ushort)Math.Clamp(count + step, 0, ushort.MaxValue);

    /// <summary>The old counts for half as much as the new ones, and no count ever runs over.</summary>
    private void Halve()
    {
        (Junk, Other) = (Junk / 2, Other / 2);
        foreach (var (token, (junk, other)) in _tokens.ToArray()) _tokens[token] = ((ushort)(junk / 2), (ushort)(other / 2));
        foreach (var token in _tokens.Where(pair => pair.Value == (0, 0)).Select(pair => pair.Key).ToArray()) _tokens.Remove(token);
    }

    /// <summary>Makes room for a fifth: what was seen least goes first.</summary>
    private void Prune()
    {
        foreach (var token in _tokens.OrderBy(pair => pair.Value.Junk + pair.Value.Other).ThenBy(pair => pair.Key).Take(_tokens.Count - (MaxTokens * 4 / 5)).Select(pair => pair.Key).ToArray()) _tokens.Remove(token);
    }

    private double Probability(uint token)
    {
        var (junk, other) = _tokens[token];
        var (ofJunk, ofOther) = (Math.Min(1.0, (double)junk / Junk), Math.Min(1.0, (double)other / Other));
        var seen = junk + other;
        return ((Strength * 0.5) + (seen * (ofJunk / (ofJunk + ofOther)))) / (Strength + seen);
    }

    /// <summary>The probability that a chi-square with 2n degrees of freedom is at least so large.</summary>
    private static double ChiSquare(double value, int n)
    {
        var half = value / 2;
        var term = Math.Exp(-half);
        var sum = term;
        for (var i = 1; i < n; i++)
        {
            term *= half / i;
            sum += term;
        }
        return Math.Min(1, sum);
    }
}
