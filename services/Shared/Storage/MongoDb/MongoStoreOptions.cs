using System.ComponentModel.DataAnnotations;

namespace Merpati.Storage.MongoDb;

/// <summary>Where the stores of the cluster lie.</summary>
public sealed record MongoStoreOptions : IValidatableObject
{
    public const string Section = "mongo";

    /// <summary>
    /// A MongoDB connection string; the server must be a replica set (or a sharded cluster), since the stores use transactions.
    /// Whatever it says, writes wait for a majority and its journal.
    /// </summary>
    public string ConnectionString { get; init; } = "";

    /// <summary>A file that holds the connection string, for those with a password in it; wins over <see cref="ConnectionString"/>.</summary>
    public string? ConnectionStringFile { get; init; }

    /// <summary>The name of the database.</summary>
    [RegularExpression("^[A-Za-z0-9_-]{1,38}$", ErrorMessage = "write 1 to 38 letters, digits, '-' or '_'.")]
    public string Database { get; init; } = "merpati";

    /// <summary>How long an operation looks for a server that can take it before the store counts as unavailable: so long a client waits for its 451.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan ServerSelectionTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Connections to one server at the most.</summary>
    [Range(1, 10_000)]
    public int MaxConnections { get; init; } = 100;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (string.IsNullOrWhiteSpace(ConnectionString) && string.IsNullOrEmpty(ConnectionStringFile))
            yield return new ValidationResult("name the database server, for example mongodb://mongo-0,mongo-1,mongo-2/?replicaSet=rs0, or the file with the connection string.", [nameof(ConnectionString)]);
    }
}
