using Merpati.Mail.Dns;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.Platform.Dns;

public static class MailDnsServices
{
    /// <summary><see cref="IMailDns"/> with the section Dns; once, however many services of a process ask for it.</summary>
    public static IServiceCollection AddMailDns(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<DnsOptions>().BindConfiguration(DnsOptions.Section).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<DnsOptions>, DnsOptionsValidator>());
        services.TryAddSingleton<IMailDns>(static provider => new MailDns(provider.GetRequiredService<IOptions<DnsOptions>>().Value, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<MailDns>>()));
        return services;
    }
}

[OptionsValidator]
internal sealed partial class DnsOptionsValidator : IValidateOptions<DnsOptions>;
