namespace Merpati.Storage.MongoDb;

/// <summary><c>maildrops</c>: a document per account whose maildrop is held, or was when its holder died. Found by <c>_id</c> alone, which is the account.</summary>
internal static class MaildropIndexes
{
    public const string Maildrops = "maildrops";

    public static readonly MongoSchema Schema = new("maildrops", Version: 1, ReadableBy: 1, [Maildrops], []);
}
