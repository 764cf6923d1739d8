using MongoDB.Bson;

namespace Merpati.Storage.MongoDb;

/// <summary>
/// <c>directory.addresses</c> has a document per address that is an account's or an alias's, its key as <c>_id</c>: so no address is two things.
/// <c>directory.accounts</c> has the account with its credential, <c>directory.domains</c> the domains by name; a change of an account or an alias touches its domain, so that
/// a domain is not removed under it. <c>directory.settings</c>: the installation's secret. <c>directory.suppressions</c>: who is sent no mail, by pattern.
/// <c>directory.dkimKeys</c> has the keys that sign, by domain and selector.
/// </summary>
internal static class DirectoryIndexes
{
    public const string Domains = "directory.domains";
    public const string Accounts = "directory.accounts";
    public const string Addresses = "directory.addresses";
    public const string Settings = "directory.settings";
    public const string Suppressions = "directory.suppressions";

    public const string DkimKeys = "directory.dkimKeys";

    public static readonly MongoSchema Schema = new("directory", Version: 1, ReadableBy: 1, [Domains, Accounts, Addresses, Settings, Suppressions, DkimKeys],
    [
        new(Accounts, "key_1", new BsonDocument("key", 1)),
    ]);
}
