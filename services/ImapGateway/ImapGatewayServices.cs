using Merpati.Accounts;
using Merpati.Mailboxes;
using Merpati.Protocols.Imap;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.ImapGateway;

public static class ImapGatewayServices
{
    /// <summary>
    /// <see cref="ImapSessions"/>. The host brings <see cref="IDirectory"/>, <see cref="IMailboxes"/> and <see cref="IMailboxChangeFeed"/>,
    /// and listeners that call it.
    /// </summary>
    public static IServiceCollection AddImapGateway(this IServiceCollection services)
    {
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<ImapGatewayOptions>().BindConfiguration(ImapGatewayOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<ImapGatewayOptions>, ImapGatewayOptionsValidator>();
        services.AddSingleton<ImapTelemetry>();
        services.AddSingleton(provider => new ImapSessions(
            provider.GetRequiredService<IOptions<ImapGatewayOptions>>(),
            provider.GetRequiredService<IDirectory>(),
            provider.GetRequiredService<IMailboxes>(),
            provider.GetRequiredService<IMailboxChangeFeed>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<ImapEngine>>(),
            provider.GetRequiredService<ImapTelemetry>(),
            provider.GetService<ITokenCheck>()));
        return services;
    }
}
