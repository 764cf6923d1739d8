using System.Formats.Tar;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Merpati.Streams;

namespace Merpati.Archives;

/// <summary>A part of an archive, in the order in which they come.</summary>
public abstract record ArchivePart
{
    private ArchivePart() { }

    public sealed record Mailbox(ArchivedMailbox Info) : ArchivePart;

    /// <summary>The next messages of the mailbox before; they are read with <see cref="ArchiveReader.MessagesAsync"/> before the next part.</summary>
    public sealed record Batch(IReadOnlyList<ArchivedMessage> Messages) : ArchivePart;

    /// <summary>The archive is whole.</summary>
    public sealed record End(ArchiveEnd Info) : ArchivePart;
}

/// <summary>
/// Reads an archive front to back. The names in it lead nowhere: an entry that is not the one that must come now makes the archive a damaged one, and nothing is ever unpacked by its name.
/// The stream stays its owner's.
/// </summary>
/// <remarks>Every method throws <see cref="ArchiveDamagedException"/>.</remarks>
public sealed class ArchiveReader(Stream archive) : IAsyncDisposable
{
    private readonly TarReader _tar = new(archive, leaveOpen: true);
    private IReadOnlyList<ArchivedMessage> _pending = [];
    private int _mailbox;
    private int _batch;
    private long _messages;
    private long _octets;
    private ArchivedMailbox? _current;
    private uint _lastUid;

    public async ValueTask<ArchiveHeader> ReadHeaderAsync(CancellationToken cancellationToken)
    {
        var entry = await NextEntryAsync(cancellationToken).ConfigureAwait(false);
        if (entry.Name != ArchiveFormat.Header) throw new ArchiveDamagedException($"This is no archive of a Merpati account: it begins with {Shown(entry.Name)}.");
        var header = await JsonAsync(entry, ArchiveJson.Default.ArchiveHeader, cancellationToken).ConfigureAwait(false);
        if (header.Subscriptions.Contains(null!)) throw new ArchiveDamagedException($"{entry.Name} holds what no account can have.");
        Check(entry.Name, header.Annotations);
        return header.Version is > 0 and <= ArchiveFormat.Version ? header : throw new ArchiveDamagedException($"The archive is of version {header.Version}, and this program reads up to {ArchiveFormat.Version}: use a newer one.");
    }

    /// <summary>To be called until it gives the end.</summary>
    public async ValueTask<ArchivePart> NextAsync(CancellationToken cancellationToken)
    {
        if (_pending.Count > 0) throw new InvalidOperationException("The messages of the batch before are not read.");
        var entry = await NextEntryAsync(cancellationToken).ConfigureAwait(false);
        if (entry.Name == ArchiveFormat.Mailbox(_mailbox + 1))
        {
            (_mailbox, _batch, _lastUid) = (_mailbox + 1, 0, 0);
            _current = await JsonAsync(entry, ArchiveJson.Default.ArchivedMailbox, cancellationToken).ConfigureAwait(false);
            Check(entry.Name, _current.Annotations);
            if (_current.Grants.Any(grant => grant is not { Grantee: not null, Rights: not null })) throw new ArchiveDamagedException($"{entry.Name} holds what no mailbox can have.");
            if (_current.UidNext > ArchiveFormat.MaxUid) throw new ArchiveDamagedException($"{entry.Name}: the UIDNEXT {_current.UidNext} leaves no room for mail.");
            return new ArchivePart.Mailbox(_current);
        }
        if (_current is not null && entry.Name == ArchiveFormat.Batch(_mailbox, _batch + 1))
        {
            _batch++;
            _pending = await JsonAsync(entry, ArchiveJson.Default.IReadOnlyListArchivedMessage, cancellationToken).ConfigureAwait(false);
            Check(entry.Name);
            return new ArchivePart.Batch(_pending);
        }
        if (entry.Name != ArchiveFormat.End) throw new ArchiveDamagedException($"{Shown(entry.Name)} has no place here: the archive is damaged, or was not made by Merpati.");
        var end = await JsonAsync(entry, ArchiveJson.Default.ArchiveEnd, cancellationToken).ConfigureAwait(false);
        if (end.Damaged is null) throw new ArchiveDamagedException($"{entry.Name} cannot be read: the archive is damaged.");
        if (end.Mailboxes != _mailbox || end.Messages != _messages || end.Octets != _octets) throw new ArchiveDamagedException($"The archive says that it holds {end.Messages} messages in {end.Mailboxes} mailboxes, and {_messages} in {_mailbox} were found: it is damaged.");
        return new ArchivePart.End(end);
    }

    /// <summary>The messages of the batch that came last, each with its octets, to be read to their end before the next. Throws at the end of a message whose octets are not those that were written.</summary>
    public async IAsyncEnumerable<(ArchivedMessage Message, Stream Octets)> MessagesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var i = 0; i < _pending.Count; i++)
        {
            var (message, name) = (_pending[i], ArchiveFormat.Message(_mailbox, _batch, i));
            var entry = await NextEntryAsync(cancellationToken).ConfigureAwait(false);
            if (entry.Name != name) throw new ArchiveDamagedException($"{Shown(entry.Name)} stands where {name} must: the archive is damaged.");
            if (entry.Length != message.Size) throw new ArchiveDamagedException($"{name} has {entry.Length} octets and must have {message.Size}: the archive is damaged.");
            var octets = new HashedStream(entry.DataStream ?? Stream.Null, message, name);
            await using (octets.ConfigureAwait(false))
            {
                yield return (message, octets);
                await octets.FinishAsync(cancellationToken).ConfigureAwait(false);
            }
            _messages++;
            _octets += message.Size;
        }
        _pending = [];
    }

    public ValueTask DisposeAsync() => _tar.DisposeAsync();

    /// <summary>What is not in the JSON is null, whatever the type says.</summary>
    private static void Check(string name, IReadOnlyList<ArchivedAnnotation> annotations)
    {
        if (annotations.Any(annotation => annotation is not { Entry: not null, Value: not null })) throw new ArchiveDamagedException($"{name} holds what no annotation can be.");
    }

    private void Check(string name)
    {
        if (_pending.Count is 0 or > ArchiveFormat.MaxBatch) throw new ArchiveDamagedException($"{name} lists {_pending.Count} messages, and there may be 1 to {ArchiveFormat.MaxBatch}.");
        foreach (var message in _pending)
        {
            if (message is not { Flags: not null, Keywords: not null, EmailId: not null, Sha256: not null } || message.Size < 0 || !IsIdentifier(message.EmailId) || message.ThreadId is { } thread && !IsIdentifier(thread) || message.Keywords.Any(keyword => keyword is null || !IsKeyword(keyword)))
                throw new ArchiveDamagedException($"{name} holds what no message can have: the archive is damaged.");
            if (message.Uid is not { } uid) continue;
            if (uid <= _lastUid || uid > ArchiveFormat.MaxUid) throw new ArchiveDamagedException($"{name}: the UID {uid} comes after {_lastUid}; UIDs ascend, up to {ArchiveFormat.MaxUid}.");
            _lastUid = uid;
        }
    }

    /// <summary>RFC 8474 §7 objectid.</summary>
    private static bool IsIdentifier(string text) => text.Length is > 0 and <= 255 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');

    /// <summary>RFC 9051 §9 atom.</summary>
    private static bool IsKeyword(string text) => text.Length is > 0 and <= 250 && text.All(c => c is > ' ' and < '\x7f' and not ('(' or ')' or '{' or '%' or '*' or '"' or '\\' or ']'));

    private async ValueTask<TarEntry> NextEntryAsync(CancellationToken cancellationToken)
    {
        var entry = await GuardAsync(() => _tar.GetNextEntryAsync(copyData: false, cancellationToken)).ConfigureAwait(false)
            ?? throw new ArchiveDamagedException($"The archive ends before its end, after {_messages} messages in {_mailbox} mailboxes: it was cut off.");
        if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile)) throw new ArchiveDamagedException($"{Shown(entry.Name)} is no plain file ({entry.EntryType}); an archive of ours holds nothing else.");
        return entry;
    }

    private static async ValueTask<T> JsonAsync<T>(TarEntry entry, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        if (entry.Length > ArchiveFormat.MaxJson || entry.DataStream is null) throw new ArchiveDamagedException($"{entry.Name} has {entry.Length} octets; that is no index of ours.");
        try
        {
            return await GuardAsync(() => JsonSerializer.DeserializeAsync(entry.DataStream, type, cancellationToken)).ConfigureAwait(false) ?? throw new ArchiveDamagedException($"{entry.Name} is empty.");
        }
        catch (JsonException damage) { throw new ArchiveDamagedException($"{entry.Name} cannot be read: the archive is damaged or was cut off.", damage); }
    }

    /// <summary>Tar says in several ways that what it reads is none, or ends early.</summary>
    private static async ValueTask<T> GuardAsync<T>(Func<ValueTask<T>> read)
    {
        try { return await read().ConfigureAwait(false); }
        catch (Exception damage) when (damage is InvalidDataException or EndOfStreamException or FormatException or ArgumentException or OverflowException) { throw new ArchiveDamagedException("What was read is no tar file, or it is damaged or cut off.", damage); }
    }

    private static string Shown(string name)
    {
        var plain = string.Concat(name.Take(100).Select(c => char.IsControl(c) ? '?' : c));
        return $"'{plain}'";
    }

    private sealed class HashedStream(Stream source, ArchivedMessage message, string name) : ForwardStream
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private long _length;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await GuardAsync(() => source.ReadAsync(buffer, cancellationToken)).ConfigureAwait(false);
            if (read == 0 && !buffer.IsEmpty && _length < message.Size) throw new ArchiveDamagedException($"{name} ends {message.Size - _length} octets early: the archive was cut off.");
            _length += read;
            _hash.AppendData(buffer.Span[..read]);
            return read;
        }

        public async ValueTask FinishAsync(CancellationToken cancellationToken)
        {
            var rest = new byte[16 * 1024];
            while (await ReadAsync(rest, cancellationToken).ConfigureAwait(false) > 0)
            {
            }
            if (!Convert.ToHexStringLower(_hash.GetHashAndReset()).Equals(message.Sha256, StringComparison.OrdinalIgnoreCase)) throw new ArchiveDamagedException($"{name} is not what was written (its SHA-256 is another): the archive is damaged.");
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing) _hash.Dispose();
            base.Dispose(disposing);
        }
    }
}
