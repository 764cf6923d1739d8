using System.Numerics;

namespace Merpati.Delivery.Mailboxes;

/// <summary>The answers to a criterion for messages by their places: yes, no, or not known without reading more.</summary>
internal sealed class Answers(int count)
{
    private const int WordBits = 64;

    private readonly ulong[] _yes = new ulong[(count + WordBits - 1) / WordBits];
    private readonly ulong[] _known = new ulong[(count + WordBits - 1) / WordBits];

    public int Count => count;

    public bool? this[int place]
    {
        get => (_known[place / WordBits] >> place & 1) == 0 ? null : (_yes[place / WordBits] >> place & 1) != 0;
        set
        {
            var bit = 1UL << place;
            if (value is null) _known[place / WordBits] &= ~bit;
            else _known[place / WordBits] |= bit;
            if (value is true) _yes[place / WordBits] |= bit;
            else _yes[place / WordBits] &= ~bit;
        }
    }

    public static Answers All(int count, bool? answer)
    {
        var all = new Answers(count);
        if (answer is not null) Array.Fill(all._known, ulong.MaxValue);
        if (answer is true) Array.Fill(all._yes, ulong.MaxValue);
        return all;
    }

    public static Answers Of(int count, Func<int, bool?> answer)
    {
        var answers = new Answers(count);
        for (var place = 0; place < count; place++) answers[place] = answer(place);
        return answers;
    }

    public Answers And(Answers other)
    {
        var both = new Answers(count);
        for (var i = 0; i < _yes.Length; i++)
        {
            both._yes[i] = _yes[i] & other._yes[i];
            both._known[i] = both._yes[i] | _known[i] & ~_yes[i] | other._known[i] & ~other._yes[i];
        }
        return both;
    }

    public Answers Or(Answers other)
    {
        var either = new Answers(count);
        for (var i = 0; i < _yes.Length; i++)
        {
            either._yes[i] = _yes[i] | other._yes[i];
            either._known[i] = either._yes[i] | _known[i] & other._known[i];
        }
        return either;
    }

    public Answers Not()
    {
        var not = new Answers(count);
        for (var i = 0; i < _yes.Length; i++) (not._yes[i], not._known[i]) = (_known[i] & ~_yes[i], _known[i]);
        return not;
    }

    /// <summary>Places with yes, ascending.</summary>
    public IEnumerable<int> Yes() => Places(_yes.Length, i => _yes[i]);

    /// <summary>Places without an answer, ascending.</summary>
    public IEnumerable<int> Open() => Places(_yes.Length, i => ~_known[i]);

    /// <summary>Places where it is not no, ascending.</summary>
    public IEnumerable<int> Possible() => Places(_yes.Length, i => _yes[i] | ~_known[i]);

    private IEnumerable<int> Places(int words, Func<int, ulong> word)
    {
        for (var i = 0; i < words; i++)
        {
            for (var rest = word(i); rest != 0; rest &= rest - 1)
            {
                var place = i * WordBits + BitOperations.TrailingZeroCount(rest);
                if (place >= count) yield break;
                yield return place;
            }
        }
    }
}
