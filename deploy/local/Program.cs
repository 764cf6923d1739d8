using Merpati.Local.MongoGateway;
using Microsoft.Extensions.Logging;

using var loggers = LoggerFactory.Create(logging => logging.AddSimpleConsole());
await using var gateway = await MongoGateway.StartAsync(new GatewayOptions { Engine = args[0], Port = int.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture) }, loggers.CreateLogger("gateway"), CancellationToken.None);
await Task.Delay(-1);
