using System.ComponentModel;
using Merpati.Storage.MongoDb;
using Spectre.Console;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Databases;

/// <summary>For the commands that go to the database of a cluster themselves, as no service may be there yet.</summary>
internal class DatabaseOptions : GlobalOptions
{
    [CommandOption("--mongo-file <FILE>")]
    [Description("File with the connection string of the cluster's database, a replica set or a sharded cluster.")]
    public string? MongoFile { get; init; }

    [CommandOption("--mongo <URI>")]
    [Description("The connection string itself, where there is no password in it.")]
    public string? Mongo { get; init; }

    [CommandOption("--database <NAME>")]
    [Description("Name of the database.")]
    [DefaultValue("merpati")]
    public string Database { get; init; } = "merpati";

    [CommandOption("--wait <TIME>")]
    [Description("How long to wait for a database that does not answer.")]
    [DefaultValue("00:05:00")]
    public TimeSpan Wait { get; init; }

    public MongoStoreOptions ToStoreOptions() => new() { ConnectionString = Mongo ?? "", ConnectionStringFile = MongoFile, Database = Database };

    public override ValidationResult Validate()
        => (Mongo is null) != (MongoFile is null) && Wait >= TimeSpan.Zero
            ? ValidationResult.Success()
            : ValidationResult.Error("name the database with --mongo-file or --mongo; --wait is not below 0, such as 00:05:00");
}
