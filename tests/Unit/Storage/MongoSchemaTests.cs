using System.Security.Cryptography;
using System.Text;
using AwesomeAssertions;
using Merpati.Storage.MongoDb;
using MongoDB.Bson;
using Xunit;

namespace Merpati.Tests.Unit.Storage;

/// <summary>
/// A change of collections or indexes is a new version of their schema: databases that have the old one are raised by it. When a digest here is another, raise the version beside it, and
/// <c>ReadableBy</c> as well where the version before cannot work with what is there now.
/// </summary>
public sealed class MongoSchemaTests
{
    [Fact]
    public void What_a_version_of_a_schema_is_does_not_change()
        => string.Join('\n', ((MongoSchema[])[ContentIndexes.Schema, QueueIndexes.Schema, JournalIndexes.Schema, DirectoryIndexes.Schema, MaildropIndexes.Schema, MailboxIndexes.Schema]).Select(Told)).Should().Be("""
            content 1, readable by 1: 31874cc62359e590
            queue 1, readable by 1: 36ce15c66e90aefb
            journal 1, readable by 1: 0187e8840b9a9dbd
            directory 1, readable by 1: 58489e7acfd218da
            maildrops 1, readable by 1: 36f958266c4a9c92
            mailboxes 1, readable by 1: 4e38ef280039b667
            """);

    private static string Told(MongoSchema schema)
    {
        var text = string.Join('\n', schema.Collections.Concat(schema.Indexes.Select(index => $"{index.Collection} {index.Name} {index.Keys.ToJson()} {index.Unique} {index.Sparse}")));
        return $"{schema.Store} {schema.Version}, readable by {schema.ReadableBy}: {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16]}";
    }
}
