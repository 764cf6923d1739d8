using Merpati.Mailboxes;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Merpati.Storage.MongoDb;

/// <summary>
/// Who may use whose mailboxes (RFC 4314). The grants lie with their owner; a share says that an owner names a grantee in one of them, and lies with the grantee:
/// both questions, who may use this and what may I use, meet few shards.
/// </summary>
internal static class StoredGrants
{
    public static ValueTask<IReadOnlyList<MailboxGrant>> ListAsync(MailboxCollections collections, AccountId owner, MailboxId? mailbox, CancellationToken cancellationToken)
    {
        var keys = mailbox is { } one ? MailboxKeys.OfMailbox(owner, one) : MailboxKeys.OfAccount(owner);
        return collections.Connection.RunAsync<IReadOnlyList<MailboxGrant>>(async token =>
        {
            using var found = await collections.Grants.FindAsync(AccountWork.Where(owner, "_id", keys), cancellationToken: token);
            var grants = (await found.ToListAsync(token)).ConvertAll(Read);
            return [.. grants.OrderBy(grant => grant.Mailbox.ToString(), StringComparer.Ordinal).ThenBy(grant => grant.Grantee.Key, StringComparer.Ordinal).ThenBy(grant => grant.Negative)];
        }, cancellationToken);
    }

    public static ValueTask<IReadOnlyList<AccountId>> SharersAsync(MailboxCollections collections, IReadOnlyList<Grantee> grantees, CancellationToken cancellationToken)
        => collections.Connection.RunAsync<IReadOnlyList<AccountId>>(async token =>
        {
            var sharers = new HashSet<AccountId>();
            foreach (var grantee in grantees)
            {
                using var found = await collections.Shares.FindAsync(OfGrantee(grantee), new FindOptions<BsonDocument> { Limit = Grants.MaxSharers }, token);
                foreach (var share in await found.ToListAsync(token))
                {
                    if (sharers.Count < Grants.MaxSharers) sharers.Add(new AccountId(share.Guid("owner")));
                }
            }
            return [.. sharers];
        }, cancellationToken);

    public static MailboxGrant Read(BsonDocument document)
        => Grantee.TryParse(document["grantee"].AsString, out var grantee)
            ? new MailboxGrant(new MailboxId(document.Guid("mailbox")), grantee, document["negative"].AsBoolean, (MailboxRights)document["rights"].ToInt32())
            : throw new FormatException($"A grant is for '{document["grantee"].AsString}', which is nobody.");

    public static WriteModel<BsonDocument> SaveShare(Grantee grantee, AccountId owner, bool isNamed)
    {
        var key = new BsonDocument { { "account", grantee.Key }, { "_id", MailboxKeys.Share(grantee, owner) } };
        return isNamed
            ? new ReplaceOneModel<BsonDocument>(key, new BsonDocument { { "_id", key["_id"] }, { "account", key["account"] }, { "owner", Bson.Id(owner.Value) } }) { IsUpsert = true }
            : new DeleteOneModel<BsonDocument>(key);
    }

    /// <summary>Those of mailboxes that go, with the shares that nothing is left of. In a transaction that has the tree.</summary>
    public static async Task DeleteAsync(AccountWork work, BsonDocument which)
    {
        var (session, collections, token) = (work.Session, work.Collections, work.CancellationToken);
        using var found = await collections.Grants.FindAsync(session, which, cancellationToken: token);
        var gone = (await found.ToListAsync(token)).ConvertAll(Read);
        if (gone.Count == 0) return;
        await collections.Grants.DeleteManyAsync(session, which, cancellationToken: token);
        using var left = await collections.Grants.FindAsync(session, work.Where("_id", MailboxKeys.OfAccount(work.Account)), new FindOptions<BsonDocument> { Projection = Bson.Only("grantee") }, token);
        var named = (await left.ToListAsync(token)).Select(grant => grant["grantee"].AsString).ToHashSet(StringComparer.Ordinal);
        var shares = gone.Select(grant => grant.Grantee).Distinct().Where(grantee => !named.Contains(grantee.Key)).Select(grantee => SaveShare(grantee, work.Account, isNamed: false)).ToList();
        if (shares.Count > 0) await collections.Shares.BulkWriteAsync(session, shares, new BulkWriteOptions { IsOrdered = true }, token);
    }

    /// <summary>What an account was given by others goes with it: owner by owner, the share last, so that what breaks off is found again.</summary>
    public static async ValueTask ForgetAsync(MailboxCollections collections, AccountId account, CancellationToken cancellationToken)
    {
        var grantee = Grantee.Of(account);
        var owners = await collections.Connection.RunAsync(async token =>
        {
            using var found = await collections.Shares.FindAsync(OfGrantee(grantee), cancellationToken: token);
            return (await found.ToListAsync(token)).ConvertAll(share => new AccountId(share.Guid("owner")));
        }, cancellationToken);
        foreach (var owner in owners)
        {
            await collections.Connection.RunAsync(async token =>
            {
                await collections.Grants.DeleteManyAsync(AccountWork.Where(owner, "_id", MailboxKeys.OfAccount(owner)).Add("grantee", grantee.Key), token);
                return await collections.Shares.BulkWriteAsync([SaveShare(grantee, owner, isNamed: false)], new BulkWriteOptions { IsOrdered = true }, token);
            }, cancellationToken);
        }
    }

    private static BsonDocument OfGrantee(Grantee grantee)
        => new() { { "account", grantee.Key }, { "_id", new BsonDocument { { "$gte", $"{grantee.Key}/" }, { "$lt", $"{grantee.Key}0" } } } };
}
