using Merpati.Mailboxes;
using Merpati.Platform.Classifier;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Merpati.Delivery.Mailboxes;

public static class MailboxesServices
{
    /// <summary>The port of the gateways and the way into the mailboxes; needs the stores, ISharedRecords, IDirectory, IMailboxChangeFeed and TimeProvider.</summary>
    public static IServiceCollection AddMailboxes(this IServiceCollection services)
    {
        services.AddOptions<MailboxesOptions>().BindConfiguration(MailboxesOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<MailboxesOptions>, MailboxesOptionsValidator>();
        services.AddSingleton<FirstFetches>();
        services.AddHostedService(provider => provider.GetRequiredService<FirstFetches>());
        services.AddSingleton<SearchMetrics>();
        services.AddSingleton<ColumnCache>();
        services.AddSingleton<MailboxSearch>();
        services.AddSingleton<SearchIndexer>();
        services.AddHostedService(provider => provider.GetRequiredService<SearchIndexer>());
        services.AddClassifier();
        services.AddSingleton<JunkLearning>();
        services.AddSingleton<IMovedMessages>(provider => provider.GetRequiredService<JunkLearning>());
        services.AddHostedService(provider => provider.GetRequiredService<JunkLearning>());
        services.AddSingleton<MailboxDelivery>();
        services.AddSingleton<IMailboxes, Mailboxes>();
        services.AddSingleton<IMailboxSharing, MailboxSharing>();
        services.AddSingleton<Accounts.IAccountRemoval, MailboxRemoval>();
        return services;
    }
}
