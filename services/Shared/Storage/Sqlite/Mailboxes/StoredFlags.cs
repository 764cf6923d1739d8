using Merpati.Mailboxes;

namespace Merpati.Storage.Sqlite;

/// <summary>The columns <c>flags</c> and <c>keywords</c>.</summary>
internal static class StoredFlags
{
    // Most messages have no keyword: these few objects serve them all.
    private static readonly MessageFlags[] WithoutKeywords = [.. Enumerable.Range(0, 32).Select(bits => new MessageFlags((SystemFlags)bits, []))];

    public static MessageFlags Read(Rows row, int flags, int keywords)
    {
        var system = ReadSystem(row, flags);
        return row.TextOrNull(keywords) is { } text ? new MessageFlags(system, text.Split(' ')) : WithoutKeywords[(int)system];
    }

    public static SystemFlags ReadSystem(Rows row, int flags) => (SystemFlags)(row.Int32(flags) & 31);

    public static string? Keywords(MessageFlags flags) => flags.Keywords.Count == 0 ? null : string.Join(' ', flags.Keywords);
}
