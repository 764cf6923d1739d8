using System.Collections.Immutable;
using Merpati.Mailboxes;

namespace Merpati.Storage.Sqlite;

/// <summary>The columns <c>flags</c> and <c>keywords</c>.</summary>
internal static class StoredFlags
{
    /// <summary>By their system flags. Most messages have no keyword: these few objects serve them all.</summary>
    public static ImmutableArray<MessageFlags> WithoutKeywords { get; } = [.. Enumerable.Range(0, 32).Select(bits => new MessageFlags((SystemFlags)bits, []))];

    public static MessageFlags Read(Rows row, int flags, int keywords) => Of(ReadSystem(row, flags), row.TextOrNull(keywords));

    public static MessageFlags Of(SystemFlags system, string? keywords) => keywords is null ? WithoutKeywords[(int)system] : new MessageFlags(system, keywords.Split(' '));

    public static SystemFlags ReadSystem(Rows row, int flags) => (SystemFlags)(row.Int32(flags) & 31);

    public static string? Keywords(MessageFlags flags) => flags.Keywords.Count == 0 ? null : string.Join(' ', flags.Keywords);
}
