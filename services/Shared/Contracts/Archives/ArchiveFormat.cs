using System.Text.Json;
using System.Text.Json.Serialization;

namespace Merpati.Archives;

/// <summary>
/// The archive of an account: a tar file (POSIX.1-1988 ustar), read and written front to back, in this order:
/// <c>archive.json</c>; of mailbox n <c>n/mailbox.json</c>, then of its batch b <c>n/b/messages.json</c> and the messages themselves, <c>n/b/0.eml</c>, <c>n/b/1.eml</c>…; at the very end <c>end.json</c>,
/// so that an archive that was cut off is known as one. docs/operations/backup.md describes it for people.
/// </summary>
public static class ArchiveFormat
{
    public const string MediaType = "application/x-tar";

    /// <summary>What the newest program writes; a program reads this and all before.</summary>
    public const int Version = 1;

    /// <summary>Messages of a batch at the most.</summary>
    public const int MaxBatch = 100;

    /// <summary>Octets of a batch at the most, unless it is one message.</summary>
    public const long MaxBatchOctets = 16 * 1024 * 1024;

    /// <summary>Octets of a JSON entry; more is no archive of ours.</summary>
    public const int MaxJson = 32 * 1024 * 1024;

    /// <summary>A UID above this one would leave a mailbox no room.</summary>
    public const uint MaxUid = 4_000_000_000;

    internal const string Header = "archive.json";
    internal const string End = "end.json";

    internal static string Mailbox(int mailbox) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{mailbox}/mailbox.json");

    internal static string Batch(int mailbox, int batch) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{mailbox}/{batch}/messages.json");

    internal static string Message(int mailbox, int batch, int message) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{mailbox}/{batch}/{message}.eml");

    /// <summary>The EMAILID of octets whose own is not known: the same for the same octets, so that bringing them in again is noticed (RFC 8474 §5.1).</summary>
    public static string EmailIdOf(string sha256) => "S" + sha256;
}

/// <summary>The first entry.</summary>
/// <param name="Account">The address.</param>
/// <param name="Mailboxes">How many there were when it was begun.</param>
/// <param name="Messages">For showing how far it is.</param>
public sealed record ArchiveHeader(int Version, string Account, string Program, DateTimeOffset CreatedAt, int Mailboxes, long Messages, long Octets)
{
    /// <summary>Names that are subscribed to, whether or not there is such a mailbox.</summary>
    public IReadOnlyList<string> Subscriptions { get; init => field = value ?? []; } = [];

    /// <summary>What the account keeps at the server (RFC 5464).</summary>
    public IReadOnlyList<ArchivedAnnotation> Annotations { get; init => field = value ?? []; } = [];
}

/// <param name="Value">Base64.</param>
public sealed record ArchivedAnnotation(string Entry, byte[] Value);

/// <param name="Grantee">An address, <c>anyone</c> or <c>anyone@domain</c>.</param>
/// <param name="Rights">Letters (RFC 4314 §2.1).</param>
public sealed record ArchivedGrant(string Grantee, bool Negative, string Rights);

/// <summary>A mailbox; its messages follow. What is null is not known: it comes from another server.</summary>
/// <param name="Name">Unicode, levels joined by '/'.</param>
/// <param name="SpecialUse">As in RFC 6154 §2, without the backslash, in lower case.</param>
public sealed record ArchivedMailbox(string Name, string? SpecialUse, uint? UidValidity, uint? UidNext, long? HighestModSeq, long Messages)
{
    public IReadOnlyList<ArchivedAnnotation> Annotations { get; init => field = value ?? []; } = [];

    public IReadOnlyList<ArchivedGrant> Grants { get; init => field = value ?? []; } = [];
}

/// <summary>What is known of a message besides its octets.</summary>
/// <param name="Uid">UIDs ascend.</param>
/// <param name="Flags">System flags without the backslash, in lower case.</param>
/// <param name="InternalDate">With the offset of the time zone.</param>
/// <param name="Size">Octets of its entry.</param>
/// <param name="Sha256">Of them, hexadecimal, in lower case.</param>
public sealed record ArchivedMessage(
    uint? Uid,
    long? ModSeq,
    IReadOnlyList<string> Flags,
    IReadOnlyList<string> Keywords,
    DateTimeOffset? InternalDate,
    DateTimeOffset? SaveDate,
    string EmailId,
    string? ThreadId,
    long Size,
    string Sha256);

/// <summary>The last entry.</summary>
/// <param name="Damaged">Messages that could not be read and are not in the archive, as <c>mailbox/uid: reason</c>.</param>
public sealed record ArchiveEnd(int Mailboxes, long Messages, long Octets, IReadOnlyList<string> Damaged);

/// <summary>What became of an import.</summary>
/// <param name="Messages">Brought in now.</param>
/// <param name="Known">Were there already.</param>
/// <param name="Renumbered">Brought in under another UID than the one in the archive.</param>
/// <param name="NotTaken">What could not be taken over besides messages, in words.</param>
public sealed record ImportReport(int Mailboxes, long Messages, long Octets, long Known, long Renumbered, IReadOnlyList<string> NotTaken);

/// <summary>An archive that cannot be read; the message says what is wrong and where.</summary>
public sealed class ArchiveDamagedException(string message, Exception? cause = null) : IOException(message, cause);

/// <summary>The JSON inside an archive; what is not there comes as null, whatever the type says. Archives are kept for years: fields are added, never renamed or removed.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectNullableAnnotations = true, WriteIndented = true)]
[JsonSerializable(typeof(ArchiveHeader))]
[JsonSerializable(typeof(ArchivedMailbox))]
[JsonSerializable(typeof(IReadOnlyList<ArchivedMessage>))]
[JsonSerializable(typeof(ArchiveEnd))]
[JsonSerializable(typeof(ImportReport))]
public sealed partial class ArchiveJson : JsonSerializerContext;
