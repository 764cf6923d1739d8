using Merpati.Local.Processes;
using Npgsql;

namespace Merpati.Local.DocumentDb;

/// <summary>A database with the extension created, which an instance copies.</summary>
internal static class EngineTemplate
{
    public const string Name = "template";

    private const string PostgreSqlConf =
        """
        shared_preload_libraries = 'pg_cron, pg_documentdb_core, pg_documentdb'
        cron.database_name = 'postgres'
        cron.host = '127.0.0.1'
        cron.log_run = off
        cron.log_statement = off
        listen_addresses = '127.0.0.1'
        unix_socket_directories = ''
        max_connections = 200
        shared_buffers = 256MB
        max_wal_size = 1GB
        jit = off
        deadlock_timeout = 20ms
        max_parallel_workers_per_gather = 0
        documentdb.localhost_connection_string = 'host=127.0.0.1'
        documentdb_core.enableCollation = on
        documentdb.useFileBasedPersistedCursors = on
        documentdb.throwDeadlockOnCRUD = on

        """;

    /// <summary>
    /// The jobs that build indexes in the background poll every two seconds, and the gateway does not use them. Expired documents go every ten seconds:
    /// MongoDB takes a minute, which is long for a test.
    /// </summary>
    private const string Setup =
        """
        CREATE EXTENSION documentdb CASCADE;
        SELECT cron.unschedule(jobid) FROM cron.job WHERE jobname LIKE 'documentdb_index_build%';
        SELECT cron.alter_job(jobid, schedule => '10 seconds') FROM cron.job WHERE jobname = 'documentdb_ttl_task';
        """;

    public static async ValueTask CreateAsync(EngineTree tree, CancellationToken cancellationToken)
    {
        var outside = Path.Combine(tree.DataRoot, Name);
        Directory.CreateDirectory(outside);
        await EngineTree.OwnAsync(tree.DataRoot, cancellationToken);
        var words = tree.Enter("/usr/lib/postgresql/18/bin/initdb", "-D", $"/srv/{Name}", "-U", "merpati", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-instructions");
        await Tool.RunAsync(words[0], words[1..], cancellationToken);
        await File.AppendAllTextAsync(Path.Combine(outside, "postgresql.conf"), PostgreSqlConf, cancellationToken);
        await using var engine = new DocumentDbEngine(tree, Name, Path.Combine(LocalFolders.Cache, "template.log"), keepData: true);
        await engine.StartAsync(cancellationToken);
        await using (var source = NpgsqlDataSource.Create(engine.ConnectionString))
        {
            await using var setup = source.CreateCommand(Setup);
            setup.CommandTimeout = 120;
            await setup.ExecuteNonQueryAsync(cancellationToken);
        }
        await engine.StopAsync();
    }
}
