using Merpati.Mailboxes;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Merpati.Storage.MongoDb;

/// <summary>
/// The search index beside the mailboxes (ADR 16): details wait by a field of their own, which the transaction that inserts them sets, and lose it in the transaction that adds their text.
/// Signatures are apart from texts: a search reads all signatures of a mailbox, and few texts.
/// </summary>
public sealed class MongoSearchIndex : ISearchIndex
{
    private const int Page = 5000;
    private const int Step = 1000;
    private const int TextsAtOnce = 100;
    private const string VersionId = "version";

    private readonly MongoMailboxStore _store;
    private readonly MailboxCollections _collections;
    private readonly TimeProvider _time;

    internal MongoSearchIndex(MongoConnection connection, MongoMailboxStore store, TimeProvider time)
    {
        _store = store;
        _collections = new MailboxCollections(connection);
        _time = time;
    }

    private MongoConnection Connection => _collections.Connection;

    public async ValueTask PrepareAsync(CancellationToken cancellationToken)
    {
        var version = await Connection.RunAsync<BsonDocument?>(async token =>
        {
            using var found = await _collections.SearchState.FindAsync(new BsonDocument("_id", VersionId), cancellationToken: token);
            return await found.FirstOrDefaultAsync(token);
        }, cancellationToken);
        if (version?["version"].ToInt32() != IndexedText.Version) await RebuildAsync(cancellationToken);
    }

    public async ValueTask RebuildAsync(CancellationToken cancellationToken)
    {
        // What was there is forgotten when all wait, in small steps: a crash in between leaves the old version, and it begins anew.
        await SetVersionAsync(0, cancellationToken);
        for (Guid? after = Guid.Empty; after is { } last;) after = await ForgetAsync(last, cancellationToken);
        await SetVersionAsync(IndexedText.Version, cancellationToken);
    }

    public ValueTask<IReadOnlyList<UnindexedMessage>> WaitingAsync(int limit, CancellationToken cancellationToken)
        => Connection.RunAsync<IReadOnlyList<UnindexedMessage>>(async token =>
        {
            using var found = await _collections.Details.FindAsync(
                Waiting(), new FindOptions<BsonDocument> { Projection = Bson.Only("content", "trace", "structure"), Sort = new BsonDocument("waits", 1), Limit = limit, BatchSize = limit }, token);
            return (await found.ToListAsync(token)).ConvertAll(Read);
        }, cancellationToken);

    public ValueTask<long> CountWaitingAsync(CancellationToken cancellationToken)
        => Connection.RunAsync(token => _collections.Details.CountDocumentsAsync(Waiting(), cancellationToken: token), cancellationToken);

    public async ValueTask AddAsync(IReadOnlyList<IndexedText> texts, CancellationToken cancellationToken)
    {
        if (texts.Count == 0) return;
        var byDetail = texts.ToDictionary(text => Guid.Parse(text.Key));
        await Connection.TransactAsync(async (session, token) =>
        {
            // Those that are gone, or were added by another process, wait no more.
            var waiting = new BsonDocument(Waiting()) { { "_id", new BsonDocument("$in", Bson.Ids(byDetail.Keys)) } };
            using var found = await _collections.Details.FindAsync(session, waiting, new FindOptions<BsonDocument> { Projection = Bson.Only("_id", "account"), BatchSize = texts.Count }, token);
            var there = await found.ToListAsync(token);
            if (there.Count == 0) return true;
            var ids = Bson.In("_id", [.. there.Select(details => details["_id"])]);
            await _collections.Details.UpdateManyAsync(session, ids, new BsonDocument("$unset", new BsonDocument("waits", "")), cancellationToken: token);
            await RemoveAsync(_collections, session, ids, token);
            await _collections.Signatures.InsertManyAsync(session, there.Select(details => Signature(details, byDetail[details.Guid("_id")])), cancellationToken: token);
            await _collections.Texts.InsertManyAsync(session, there.Select(details => Text(details, byDetail[details.Guid("_id")])), cancellationToken: token);
            return true;
        }, cancellationToken);
    }

    public async ValueTask<TextAnswers> FindAsync(AccountId account, MailboxId mailbox, UidSet uids, TextQuery query, CancellationToken cancellationToken)
    {
        var (matching, open) = (new List<Uid>(), new List<Uid>());
        await foreach (var page in _store.PagesAsync(account, mailbox, uids, StoredMessage.Details, Page, cancellationToken))
        {
            if (page.Count == 0) continue;
            var may = await SignaturesAsync(account, page, query, cancellationToken);
            var candidates = page.FindAll(message => may.GetValueOrDefault(message.Detail));
            var answers = new Dictionary<Guid, bool?>();
            foreach (var chunk in candidates.Select(message => message.Detail).Distinct().Chunk(TextsAtOnce)) await TextsAsync(account, chunk, query, answers, cancellationToken);
            foreach (var message in page)
            {
                if (!may.TryGetValue(message.Detail, out var possible)) open.Add(message.Uid);
                else if (possible)
                {
                    var answer = answers.GetValueOrDefault(message.Detail);
                    if (answer is true) matching.Add(message.Uid);
                    else if (answer is null) open.Add(message.Uid);
                }
            }
        }
        return new TextAnswers(matching, open);
    }

    /// <summary>What goes with details, in the transaction that removes them.</summary>
    /// <param name="ids">A condition on _id.</param>
    internal static async Task RemoveAsync(MailboxCollections collections, IClientSessionHandle session, BsonDocument ids, CancellationToken cancellationToken)
    {
        await collections.Signatures.DeleteManyAsync(session, ids, cancellationToken: cancellationToken);
        await collections.Texts.DeleteManyAsync(session, ids, cancellationToken: cancellationToken);
    }

    private static BsonDocument Waiting() => new("waits", new BsonDocument("$exists", true));

    private ValueTask<Dictionary<Guid, bool>> SignaturesAsync(AccountId account, List<StoredMessage> messages, TextQuery query, CancellationToken cancellationToken)
        => Connection.RunAsync(async token =>
        {
            var may = new Dictionary<Guid, bool>(messages.Count);
            var ids = AccountWork.Where(account, "_id", new BsonDocument("$in", Bson.Ids(messages.Select(message => message.Detail).Distinct())));
            using var found = await _collections.Signatures.FindAsync(ids, new FindOptions<BsonDocument> { BatchSize = Page }, token);
            while (await found.MoveNextAsync(token))
            {
                foreach (var document in found.Current) may[document.Guid("_id")] = query.MayBeIn(document.Octets("signature"));
            }
            return may;
        }, cancellationToken);

    private ValueTask TextsAsync(AccountId account, Guid[] details, TextQuery query, Dictionary<Guid, bool?> answers, CancellationToken cancellationToken)
        => Connection.RunAsync(async token =>
        {
            using var found = await _collections.Texts.FindAsync(AccountWork.Where(account, "_id", new BsonDocument("$in", Bson.Ids(details))), new FindOptions<BsonDocument> { BatchSize = TextsAtOnce }, token);
            await found.ForEachAsync(text => answers[text.Guid("_id")] = query.IsIn(text.Octets("text"), text["header"].ToInt32(), text["whole"].ToBoolean()), token);
        }, cancellationToken);

    private ValueTask<Guid?> ForgetAsync(Guid after, CancellationToken cancellationToken)
        => Connection.TransactAsync<Guid?>(async (session, token) =>
        {
            using var found = await _collections.Details.FindAsync(
                session, new BsonDocument("_id", new BsonDocument("$gt", Bson.Id(after))), new FindOptions<BsonDocument> { Projection = Bson.Only("_id"), Sort = new BsonDocument("_id", 1), Limit = Step, BatchSize = Step }, token);
            var page = await found.ToListAsync(token);
            if (page.Count == 0) return null;
            var ids = Bson.In("_id", [.. page.Select(details => details["_id"])]);
            await _collections.Details.UpdateManyAsync(session, ids, Bson.Set(new BsonDocument("waits", Bson.Time(_time.GetUtcNow()))), cancellationToken: token);
            await RemoveAsync(_collections, session, ids, token);
            return page[^1].Guid("_id");
        }, cancellationToken);

    private ValueTask SetVersionAsync(int version, CancellationToken cancellationToken)
        => Connection.RunAsync(token => (Task)_collections.SearchState.UpdateOneAsync(
            new BsonDocument("_id", VersionId), Bson.Set(new BsonDocument("version", version)), new UpdateOptions { IsUpsert = true }, token), cancellationToken);

    private static BsonDocument Signature(BsonDocument details, IndexedText text) => new()
    {
        { "_id", details["_id"] },
        { "account", details["account"] },
        { "signature", Bson.Octets(text.Signature) },
    };

    private static BsonDocument Text(BsonDocument details, IndexedText text) => new()
    {
        { "_id", details["_id"] },
        { "account", details["account"] },
        { "header", text.HeaderLength },
        { "whole", text.IsWhole },
        { "text", Bson.Octets(text.Text) },
    };

    private UnindexedMessage Read(BsonDocument details)
    {
        var content = new ContentId(details.Guid("content"));
        return new UnindexedMessage(details.Guid("_id").ToString(), content, details.Octets("trace"), StoredDetails.Structure(details.Octets("structure"), content, length: 0, Connection.Logger));
    }
}
