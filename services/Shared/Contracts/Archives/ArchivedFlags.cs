using Merpati.Mailboxes;

namespace Merpati.Archives;

/// <summary>Flags and special uses as the words that an archive has for them.</summary>
public static class ArchivedFlags
{
    private static readonly (string Word, SystemFlags Flag)[] Words =
    [
        ("seen", SystemFlags.Seen), ("answered", SystemFlags.Answered), ("flagged", SystemFlags.Flagged), ("deleted", SystemFlags.Deleted), ("draft", SystemFlags.Draft),
    ];

    public static IReadOnlyList<string> Of(SystemFlags flags) => [.. Words.Where(word => flags.HasFlag(word.Flag)).Select(word => word.Word)];

    /// <summary>What a later version may have beside these is passed over.</summary>
    public static MessageFlags Read(ArchivedMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        var system = Words.Where(word => message.Flags.Contains(word.Word, StringComparer.OrdinalIgnoreCase)).Aggregate(SystemFlags.None, (all, word) => all | word.Flag);
        return new MessageFlags(system, message.Keywords.Take(MessageFlags.MaxKeywords));
    }

    public static string? Of(SpecialUse use) => use == SpecialUse.None ? null : use.ToString().ToLowerInvariant();

    public static SpecialUse ReadUse(string? word) => Enum.TryParse<SpecialUse>(word, ignoreCase: true, out var use) && Enum.IsDefined(use) && !char.IsAsciiDigit(word![0]) ? use : SpecialUse.None;
}
