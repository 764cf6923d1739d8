using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Mailboxes;
using Merpati.Signing;
using MongoDB.Bson;

namespace Merpati.Storage.MongoDb;

/// <summary>Domains, accounts and aliases as documents.</summary>
internal static class DirectoryDocuments
{
    /// <summary>Equal for equal addresses, and in their order: a blank sorts before everything that a domain name has.</summary>
    public static string Key(EmailAddress address)
    {
        var key = AddressKey.Of(address);
        return $"{key.Domain} {key.Local}";
    }

    /// <summary>Documents whose key lies in the domain.</summary>
    public static BsonDocument InDomain(string field, string domain) => new(field, new BsonDocument { { "$gte", domain + " " }, { "$lt", domain + "!" } });

    public static BsonDocument Write(LocalDomain domain) => new() { { "_id", DomainName.Normalize(domain.Name) }, { "catchAll", domain.CatchAll is { } address ? Write(address) : BsonNull.Value } };

    public static LocalDomain ReadDomain(BsonDocument document) => new(document["_id"].AsString, document["catchAll"].IsBsonNull ? null : ReadAddress(document["catchAll"]));

    /// <summary>All but the id and the credential.</summary>
    public static BsonDocument Write(Account account) => new()
    {
        { "key", Key(account.Address) },
        { "address", Write(account.Address) },
        { "displayName", Bson.Text(account.DisplayName) },
        { "enabled", account.Enabled },
        { "quotaOctets", account.QuotaOctets is { } octets ? octets : BsonNull.Value },
        { "quotaMessages", account.QuotaMessages is { } messages ? messages : BsonNull.Value },
        { "shared", account.Shared },
    };

    public static Account ReadAccount(BsonDocument document) => new()
    {
        Id = new AccountId(document.Guid("_id")),
        Address = ReadAddress(document["address"]),
        DisplayName = document.TextOrNull("displayName"),
        Enabled = document["enabled"].ToBoolean(),
        QuotaOctets = document.LongOrNull("quotaOctets"),
        QuotaMessages = document.LongOrNull("quotaMessages"),
        Shared = document.GetValue("shared", false).AsBoolean,
    };

    public static BsonDocument Write(Credential credential) => new()
    {
        { "argon2id", credential.Argon2id },
        { "scramSalt", Bson.Octets(credential.Scram.Salt) },
        { "scramIterations", credential.Scram.Iterations },
        { "scramStoredKey", Bson.Octets(credential.Scram.StoredKey) },
        { "scramServerKey", Bson.Octets(credential.Scram.ServerKey) },
    };

    public static Credential ReadCredential(BsonDocument document) => new(
        document["argon2id"].AsString,
        new ScramCredential(document.Octets("scramSalt"), document["scramIterations"].ToInt32(), document.Octets("scramStoredKey"), document.Octets("scramServerKey")));

    /// <summary>In order of domain and selector, like <see cref="Key"/>.</summary>
    public static string DkimKey(string domain, string selector) => $"{DomainName.Normalize(domain)} {selector.ToLowerInvariant()}";

    public static BsonDocument Write(DkimKey key) => new()
    {
        { "_id", DkimKey(key.Key.Domain, key.Key.Selector) },
        { "algorithm", (int)key.Key.Algorithm },
        { "state", (int)key.State },
        { "createdAt", Bson.Time(key.CreatedAt) },
        { "changedAt", Bson.Time(key.ChangedAt) },
        { "privateKey", Bson.Octets(key.Key.PrivateKey) },
    };

    public static DkimKey ReadDkimKey(BsonDocument document)
    {
        var id = document["_id"].AsString.Split(' ', 2);
        return new DkimKey(
            new DkimSigningKey(id[0], id[1], (DkimAlgorithm)document["algorithm"].ToInt32(), document.Octets("privateKey")),
            (DkimKeyState)document["state"].ToInt32(), document.Instant("createdAt"), document.Instant("changedAt"));
    }

    public static BsonDocument Write(AddressAlias alias) => new() { { "_id", Key(alias.Address) }, { "address", Write(alias.Address) }, { "targets", new BsonArray(alias.Targets.Select(Write)) } };

    public static AddressAlias ReadAlias(BsonDocument document) => new(ReadAddress(document["address"]), [.. document["targets"].AsBsonArray.Select(ReadAddress)]);

    private static BsonDocument Write(EmailAddress address) => new() { { "local", address.LocalPart }, { "domain", address.Domain } };

    private static EmailAddress ReadAddress(BsonValue address) => new(address["local"].AsString, address["domain"].AsString);
}
