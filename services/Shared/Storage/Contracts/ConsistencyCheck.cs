using System.Buffers;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Merpati.Mailboxes;

namespace Merpati.Storage;

/// <summary>How <see cref="ConsistencyCheck"/> goes about it.</summary>
/// <param name="ReadBodies">Every octet of every content is read and compared with its SHA-256.</param>
/// <param name="Mend">What can be mended without a loss is mended; nothing else is ever written.</param>
/// <param name="Grace">Contents that are younger may be of messages that are still being accepted, and the collector gives them this time as well.</param>
public sealed record ConsistencyCheckOptions(bool ReadBodies, bool Mend, TimeSpan Grace);

/// <summary>
/// Reads all stores and names what is wrong in them and between them (<c>merpati fsck</c>), while the services go on:
/// 1. the ledger; 2. the queue, and that the contents of its entries are there; 3. the mailboxes, and that the contents of their messages are there; 4. that the contents are needed, and their octets;
/// 5. the pieces of contents.
/// </summary>
/// <remarks>The order of the questions in the fourth is the collector's: see docs/adr/0003.</remarks>
public sealed class ConsistencyCheck(IContentStore contents, IMailQueue queue, IStoreInspection inspection, TimeProvider time)
{
    private const int Page = 500;

    public async IAsyncEnumerable<Damage> RunAsync(ConsistencyCheckOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var ledger = await queue.LedgerAsync(cancellationToken);
        if (ledger.Unaccounted != 0) yield return new Damage(DamageKind.Unaccounted, "ledger", $"{ledger.Accepted} recipients were accepted, {ledger.Closed.Values.Sum()} are closed and {ledger.Open} are open");
        await foreach (var damage in inspection.InspectQueueAsync(CheckAsync, options.Mend, cancellationToken)) yield return damage;
        await foreach (var damage in inspection.InspectMailboxesAsync(CheckAsync, options.Mend, cancellationToken)) yield return damage;
        await foreach (var damage in CheckContentsAsync(options, cancellationToken)) yield return damage;
        await foreach (var damage in inspection.InspectContentsAsync(options.Mend, cancellationToken)) yield return damage;
    }

    private async ValueTask<IReadOnlyList<Damage>> CheckAsync(IReadOnlyList<ContentUse> uses, CancellationToken cancellationToken)
    {
        if (uses.Count == 0) return [];
        var sizes = await inspection.FindSizesAsync([.. uses.Select(use => use.Content).Distinct()], cancellationToken);
        var damages = uses.Where(use => use.Size is { } needed && sizes.TryGetValue(use.Content, out var size) && size != needed)
            .Select(use => new Damage(DamageKind.ContentSize, use.Where, $"the content {use.Content} has {sizes[use.Content]} octets, and {use.Size} are needed")).ToList();
        var missing = uses.Where(use => !sizes.ContainsKey(use.Content)).ToList();
        if (missing.Count == 0) return damages;
        // Expunged and collected since the page was read: then nobody needs it any more.
        ContentId[] ids = [.. missing.Select(use => use.Content).Distinct()];
        var needed = (await queue.FindReferencedAsync(ids, cancellationToken)).Union(await inspection.FindReferencedAsync(ids, cancellationToken)).ToHashSet();
        damages.AddRange(missing.Where(use => needed.Contains(use.Content)).Select(use => new Damage(DamageKind.ContentMissing, use.Where, $"the content {use.Content} is not there")));
        return damages;
    }

    private async IAsyncEnumerable<Damage> CheckContentsAsync(ConsistencyCheckOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var before = time.GetUtcNow() - options.Grace;
        ContentId? after = null;
        while (await contents.ListAsync(time.GetUtcNow(), after, Page, cancellationToken) is { Count: > 0 } page)
        {
            after = page[^1].Id;
            var old = page.Where(content => content.CreatedAt < before).ToList();
            var queued = await queue.FindReferencedAsync([.. old.Select(content => content.Id)], cancellationToken);
            var rest = old.Where(content => !queued.Contains(content.Id)).ToList();
            var kept = rest.Count == 0 ? new HashSet<ContentId>() : await inspection.FindReferencedAsync([.. rest.Select(content => content.Id)], cancellationToken);
            foreach (var orphan in rest.Where(content => !kept.Contains(content.Id)))
            {
                if (options.Mend) await contents.DeleteAsync([orphan.Id], cancellationToken);
                yield return new Damage(DamageKind.ContentOrphaned, $"content {orphan.Id}", $"{orphan.Size} octets of {orphan.CreatedAt:u} that no message and no queue entry needs", options.Mend, orphan.Size);
            }
            if (!options.ReadBodies) continue;
            foreach (var content in page)
            {
                if (await ReadAsync(content, cancellationToken) is { } damage) yield return damage;
            }
        }
    }

    /// <summary>Null when it is what was stored, or was removed meanwhile.</summary>
    private async ValueTask<Damage?> ReadAsync(ContentInfo content, CancellationToken cancellationToken)
    {
        string problem;
        var buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            await using var stream = await contents.OpenAsync(content.Id, 0, content.Size, cancellationToken);
            var size = 0L;
            for (int read; (read = await stream.ReadAsync(buffer, cancellationToken)) > 0; size += read) hash.AppendData(buffer, 0, read);
            if (size == content.Size && hash.GetHashAndReset().AsSpan().SequenceEqual(content.Sha256.Span)) return null;
            problem = size == content.Size ? "its SHA-256 is not what it was" : $"{size} octets of {content.Size} are there";
        }
        catch (ContentDamagedException damaged) { problem = damaged.Message; }
        finally { ArrayPool<byte>.Shared.Return(buffer); }
        return await contents.FindAsync(content.Id, cancellationToken) is null ? null : new Damage(DamageKind.ContentDamaged, $"content {content.Id}", problem, Octets: content.Size);
    }
}
