using Merpati.Mailboxes;

namespace Merpati.Storage.MongoDb;

/// <summary>The fields <c>flags</c> and <c>keywords</c> (sorted, separated by a space; absent is none).</summary>
internal static class StoredFlags
{
    // Most messages have no keyword: these few objects serve them all.
    private static readonly MessageFlags[] WithoutKeywords = [.. Enumerable.Range(0, 32).Select(bits => new MessageFlags((SystemFlags)bits, []))];

    public static MessageFlags Read(int system, string? keywords) => keywords is null ? WithoutKeywords[system & 31] : new MessageFlags((SystemFlags)(system & 31), keywords.Split(' '));

    public static string? Keywords(MessageFlags flags) => flags.Keywords.Count == 0 ? null : string.Join(' ', flags.Keywords);
}
