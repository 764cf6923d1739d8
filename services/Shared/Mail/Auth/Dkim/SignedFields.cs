using System.Buffers;

namespace Merpati.Mail.Auth;

/// <summary>Which header fields a signature covers, and in which order they are hashed (RFC 6376 §5.4).</summary>
internal static class SignedFields
{
    // RFC 6376 §5.4.1, and what readers show or obey. Those in the first list are signed once more than they are there, so that nobody adds one (§8.15).
    private static readonly string[] Oversigned = ["From", "Sender", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"];
    private static readonly string[] Present =
    [
        "Content-Transfer-Encoding", "Content-Disposition", "Content-ID", "In-Reply-To", "References", "Resent-Date", "Resent-From", "Resent-To", "Resent-Cc", "Resent-Message-ID",
        "List-Id", "List-Help", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Subscribe", "List-Post", "List-Owner", "List-Archive", "Autocrypt", "Auto-Submitted", "TLS-Required",
    ];

    /// <summary>The names for <c>h=</c>: each as often as the field is there, the most important once more.</summary>
    public static IReadOnlyList<string> Choose(IReadOnlyList<RawField> fields, IEnumerable<string> more)
    {
        var names = new List<string>();
        foreach (var name in Oversigned) names.AddRange(Enumerable.Repeat(name, fields.Count(field => field.Is(name)) + 1));
        foreach (var name in Present.Concat(more)) names.AddRange(Enumerable.Repeat(name, fields.Count(field => field.Is(name))));
        return names;
    }

    /// <summary>Writes the fields that <c>h=</c> names, of equal names the lowest first; one that is not there is nothing (RFC 6376 §5.4.2).</summary>
    public static void Write(IReadOnlyList<RawField> fields, IReadOnlyList<string> names, Canonicalization canonicalization, IBufferWriter<byte> to)
    {
        var next = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        foreach (var name in names)
        {
            var at = next.GetValueOrDefault(name, fields.Count) - 1;
            while (at >= 0 && !fields[at].Is(name)) at--;
            next[name] = Math.Max(at, 0);
            if (at >= 0) CanonicalHeader.Write(fields[at], canonicalization, to);
        }
    }
}
