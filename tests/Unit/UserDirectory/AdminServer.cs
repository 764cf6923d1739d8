using System.Net.Http.Headers;
using Merpati.Accounts;
using Merpati.Platform.Admin;
using Merpati.Platform.Classifier;
using Merpati.Storage;
using Merpati.TestKit;
using Merpati.TestKit.Accounts;
using Merpati.UserDirectory;
using Merpati.UserDirectory.Api;
using Merpati.TestKit.Stores;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Merpati.Tests.Unit.UserDirectory;

/// <summary>The real admin API on a free port of loopback, with its <c>admin.json</c> in a folder of its own.</summary>
internal sealed class AdminServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly DirectoryInfo _folder = System.IO.Directory.CreateTempSubdirectory("merpati-admin-");

    private AdminServer(IMailQueue? queue, IJournal? journal, IReadOnlyList<AdminToken> others)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddProvider(Log).SetMinimumLevel(LogLevel.Trace);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<IDirectoryStore>(new InMemoryDirectoryStore());
        var owner = AdminToken.Generate();
        builder.Services.AddSingleton(owner).AddSingleton(new AdminTokens([owner, .. others]));
        builder.Services.AddSingleton<Relaying.ISuppressionList>(new InMemorySuppressionList(TimeProvider.System));
        builder.Services.AddSingleton<ISharedRecords>(new InMemorySharedRecords(TimeProvider.System));
        builder.Services.AddSingleton<Merpati.Mailboxes.IMailboxes>(Mailboxes);
        builder.Services.AddSingleton<Merpati.Mailboxes.IMailboxSharing>(new Merpati.Delivery.Mailboxes.MailboxSharing(Mailboxes));
        builder.Services.AddClassifier();
        builder.Services.AddUserDirectory();
        builder.Services.Configure<UserDirectoryOptions>(DirectoryUnderTest.MakeCheap);
        if (queue is not null) builder.Services.AddSingleton(queue);
        if (queue is IQueuedHeaders headers) builder.Services.AddSingleton(headers);
        if (journal is not null) builder.Services.AddSingleton(journal);
        _app = builder.Build();
        _app.MapDirectoryAdministration();
        _app.MapClassifierAdministration();
        if (queue is not null) _app.MapQueueAdministration();
        if (journal is not null) _app.MapTraceAdministration();
    }

    public string Folder => _folder.FullName;

    public RecordedLog Log { get; } = new();

    public InMemoryMailboxes Mailboxes { get; } = new(new Merpati.Platform.Bus.LocalMailboxChangeFeed(), TimeProvider.System);

    public Uri Address => new(_app.Urls.Single());

    public IDirectory Directory => _app.Services.GetRequiredService<IDirectory>();

    public AdminToken Token => _app.Services.GetRequiredService<AdminToken>();

    public static async Task<AdminServer> StartAsync(IMailQueue? queue = null, IJournal? journal = null, params IReadOnlyList<AdminToken> others)
    {
        var server = new AdminServer(queue, journal, others);
        await server._app.StartAsync();
        await new AdminEndpointFile(server.Folder).WriteAsync(server.Address, server.Token, CancellationToken.None);
        return server;
    }

    public HttpClient Client(string? token = null)
    {
        var client = new HttpClient { BaseAddress = new Uri(Address, "/admin/v1/") };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token ?? Token.Value);
        return client;
    }

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}

/// <summary>All that was logged, to look for what must not be in it.</summary>
internal sealed class RecordedLog : ILoggerProvider, ILogger
{
    private readonly System.Collections.Concurrent.ConcurrentQueue<string> _lines = new();

    public IEnumerable<string> Lines => _lines;

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull
        => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        => _lines.Enqueue($"{formatter(state, exception)} {exception}");

    public void Dispose()
    {
    }
}
