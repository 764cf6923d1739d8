using Merpati.Mailboxes;
using Merpati.Protocols.Pop3;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Merpati.Pop3Gateway;

public static class Pop3GatewayServices
{
    /// <summary>
    /// Adds <see cref="Pop3Sessions"/>. It needs <c>IDirectory</c> and <c>IMailboxes</c>; the maildrop lock is that of one process
    /// unless another was added before.
    /// </summary>
    public static IServiceCollection AddPop3Gateway(this IServiceCollection services)
    {
        services.AddOptions<Pop3GatewayOptions>().BindConfiguration(Pop3GatewayOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<Pop3GatewayOptions>, Pop3GatewayOptionsValidator>();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IMaildropLock, InProcessMaildropLock>();
        services.AddSingleton<Pop3Sessions>();
        return services;
    }
}
