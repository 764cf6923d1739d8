namespace Merpati.Fuzz.Sessions;

/// <summary>What all clients said and heard, in the order in which it was seen.</summary>
internal sealed class Dialogue
{
    private readonly Lock _turn = new();
    private readonly List<string> _lines = [];

    public IReadOnlyList<string> Lines
    {
        get { lock (_turn) return [.. _lines]; }
    }

    public void Add(string line)
    {
        lock (_turn) _lines.Add(line);
    }
}
