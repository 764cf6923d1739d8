using System.Diagnostics.Metrics;
using Merpati.Delivery.Mailboxes;
using Merpati.Mailboxes;
using Merpati.Platform.Bus;
using Merpati.Storage;
using Merpati.TestKit;
using Merpati.TestKit.Stores;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Merpati.Tests.Contracts.Mailboxes;

/// <summary>Delivery's mailboxes and their search over any stores.</summary>
public static class Searches
{
    private static readonly SearchMetrics Metrics = new(new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>());

    public static MailboxSearch Over(IMailboxStore store, IContentStore contents, ISearchIndex index)
        => new(store, contents, index, new ColumnCache(store, Options.Create(new MailboxesOptions())), Metrics, NullLogger<MailboxSearch>.Instance);

    public static SearchIndexer Indexer(ISearchIndex index, IContentStore contents, TimeProvider time)
        => new(index, contents, Metrics, time, NullLogger<SearchIndexer>.Instance);

    public static IMailboxes Mailboxes(IMailboxStore store, IContentStore contents, ISearchIndex index, TimeProvider time)
    {
        var directory = new SingleAccountDirectory();
        return new Merpati.Delivery.Mailboxes.Mailboxes(
            store, contents, new LocalMailboxChangeFeed(), directory, new FirstFetches(new InMemoryJournal(), directory, time, NullLogger<FirstFetches>.Instance),
            Over(store, contents, index), Options.Create(new MailboxesOptions()), time);
    }
}
